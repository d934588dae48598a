"""Reads of neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Collection

    from anlan.kernel.context import Context

READ = "message.neighbour.read"

# By agreement; else of a village or community the nearest one below the same parent, by their seats (those without one last,
# in the order of the tree), else the unit above. Any other unit has people of its own to send.
NEIGHBOURS = """
SELECT u.id, coalesce(agreed.neighbour_id, CASE WHEN u.kind IN ('village', 'community')
  THEN coalesce(near.id, u.parent_id) ELSE u.id END)
FROM unnest(%(units)s::bigint[]) AS asked (id) JOIN kernel_unit u ON u.id = asked.id
LEFT JOIN LATERAL (
  SELECT n.neighbour_id FROM neighbour_neighbour n
  WHERE n.unit_id = u.id AND n.retired_at IS NULL AND (n.exercise_id IS NULL OR n.exercise_id = %(exercise)s)
  ORDER BY n.exercise_id NULLS LAST LIMIT 1) AS agreed ON true
LEFT JOIN unit_unitprofile own ON own.unit_id = u.id
LEFT JOIN LATERAL (
  SELECT s.id FROM kernel_unit s LEFT JOIN unit_unitprofile p ON p.unit_id = s.id
  WHERE s.parent_id = u.parent_id AND s.id <> u.id AND s.retired_at IS NULL
    AND s.kind IN ('village', 'community') AND u.kind IN ('village', 'community')
  ORDER BY p.seat <-> own.seat NULLS LAST, s.path LIMIT 1) AS near ON agreed.neighbour_id IS NULL
"""


def list_neighbours(ctx: Context, unit_ids: Collection[int]) -> dict[int, int]:
    """Whose people go and knock, for each of these units, which the caller has within scope."""
    exercise = ctx.exercise.pk if ctx.exercise else None
    with connection.cursor() as cursor:
        cursor.execute(NEIGHBOURS, {"units": list(unit_ids), "exercise": exercise})
        return {unit: neighbour for unit, neighbour in cursor.fetchall() if neighbour is not None}
