"""Order deliveries, and call off what is no longer needed: set-wise, in the transaction of whoever orders."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.db import connection

from anlan.kernel import arrays
from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.ids import uuid7
from anlan.message.channel.models import Wording
from anlan.message.channel.terms import Priority

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.kernel.models import Exercise
    from anlan.message.channel.terms import Channel, Order

# What is for the person's own page has reached it by standing there. Ids are of version 7: the moment, the place among
# what is ordered at once, then chance, drawn once. In order, thousands are put into the indexes at half the price of random ones.
QUEUE = """
INSERT INTO channel_delivery (
  id, unit_id, exercise_id, is_test, use, key, person_id, number, channel, wording_id, priority, carrier_id,
  state, due_at, queued_at, handed_at, carrier_ref, attempts, parts, cost_cny, answer, fault, permanent)
SELECT (%(stamp)s || '-7' || lpad(to_hex(o.place >> 12), 3, '0') || '-8' || lpad(to_hex(o.place & 4095), 3, '0')
    || '-' || %(chance)s)::uuid,
  o.unit, w.exercise_id, w.is_test, %(use)s, o.key, o.person, o.number, w.channel, w.id, %(priority)s, %(carrier)s,
  CASE w.channel WHEN 'app' THEN 2 ELSE 0 END, %(now)s, %(at)s, CASE w.channel WHEN 'app' THEN %(at)s END,
  '', 0, 0, 0, '', '', false
FROM unnest(%(wordings)s::bigint[], %(keys)s::text[], %(numbers)s::text[], %(units)s::bigint[], %(people)s::uuid[])
  WITH ORDINALITY AS o (wording, key, number, unit, person, place)
JOIN channel_wording w ON w.id = o.wording AND w.exercise_id IS NOT DISTINCT FROM %(exercise)s::bigint
"""
# In order of id, like everybody who locks several: nobody waits for somebody who waits for him. A call that the carrier
# may have is not over before it has been told.
COMING = "(state <= 1 OR state = 2 AND channel = 'voice')"
WITHDRAW = """
WITH found AS (
  SELECT id FROM channel_delivery WHERE ended_at IS NULL AND {which} ORDER BY id FOR UPDATE)
UPDATE channel_delivery d SET
  state = CASE WHEN d.state <= 1 OR d.state = 2 AND d.channel = 'voice' THEN 3 ELSE d.state END,
  ended_at = CASE WHEN d.channel = 'voice' AND d.state IN (1, 2) THEN NULL ELSE %(at)s::timestamptz END
FROM found WHERE d.id = found.id
"""
OF_KEYS = f"use = %(use)s AND key = ANY (%(keys)s::text[]) AND (NOT %(only_coming)s OR {COMING})"
OF_EXERCISE = "exercise_id = %(exercise)s"


class ForeignWording(Exception):
    """A wording is not there, or of another exercise than the act: what it says would not say that it is a drill."""


@act("message.channel.send")
def keep_wording(
    ctx: Context, channel: Channel, subject: str, body: str, *, is_test: bool = False
) -> Wording:
    """Keep what is to be said to many. The mark of an exercise or a test comes before it by itself when it is sent.

    subject  of an e-mail; otherwise what somebody is asked about who has several to answer
    body     {name}, {link} and {reply} stand for what differs; who asks for {reply} lets an SMS be answered by a digit
    is_test  in an exercise what is sent is the exercise's, not a test
    """
    wording: Wording = Wording.objects.create(
        channel=channel,
        subject=subject,
        body=body,
        exercise=ctx.exercise,
        is_test=is_test and ctx.exercise is None,
    )
    return wording


@act("message.channel.send")
def queue_deliveries(
    ctx: Context,
    use: str,
    orders: Sequence[Order],
    *,
    priority: Priority = Priority.ROUTINE,
    only_by: UUID | None = None,
) -> int:
    """Order deliveries in one statement; they go out once the transaction is committed.

    To whom is the orderer's to answer for: a callout goes up the line, too, beyond the units that he is over.

    only_by  the one carrier that may have them
    returns  how many
    raises   ForeignWording
    """
    if not orders:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            QUEUE,
            {
                "use": use,
                "priority": priority,
                "carrier": only_by,
                "now": real_now(),
                "at": ctx.now(),
                "exercise": ctx.exercise.pk if ctx.exercise else None,
                "stamp": str(uuid7())[:13],
                "chance": secrets.token_hex(6),
                "wordings": arrays.of_plain([one.wording_id for one in orders]),
                "keys": arrays.of_texts([one.key for one in orders]),
                "numbers": arrays.of_texts([one.number for one in orders]),
                "units": arrays.of_plain([one.unit_id for one in orders]),
                "people": arrays.of_plain([one.person_id for one in orders]),
            },
        )
        if cursor.rowcount != len(orders):
            raise ForeignWording
    return len(orders)


@act("message.channel.send")
def withdraw_deliveries(ctx: Context, use: str, keys: Collection[str], *, only_coming: bool = False) -> int:
    """Nothing more shall go out for these keys, and no reply counts for them any more.

    What waits is withdrawn; calls that a carrier has are called off by the sender; an SMS on its way cannot be had back.

    only_coming  leave those alone that have arrived: where thousands answer at once, who closes them does so afterwards
    returns      how many deliveries were not over yet
    """
    told: dict[str, Any] = {
        "use": use,
        "keys": arrays.of_texts(list(keys)),
        "at": ctx.now(),
        "only_coming": only_coming,
    }
    with connection.cursor() as cursor:
        cursor.execute(WITHDRAW.format(which=OF_KEYS), told)
        return int(cursor.rowcount)


@act("message.channel.send")
def withdraw_exercise(ctx: Context, exercise: Exercise) -> int:  # noqa: ARG001 - an act
    """An exercise is over: nothing of it goes out any more, and no reply counts for it. returns how many were not over yet"""
    with connection.cursor() as cursor:
        told: dict[str, Any] = {"exercise": exercise.pk, "at": exercise.clock.at(real_now())}
        cursor.execute(WITHDRAW.format(which=OF_EXERCISE), told)
        return int(cursor.rowcount)
