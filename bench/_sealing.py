"""What `sealing` runs inside the product: writers at a set pace, the sealer as the scanner calls it, verification."""

from __future__ import annotations

import time

from django.db import connection, transaction

from anlan.kernel import seals, verify
from anlan.kernel.clock import real_now
from bench._journal import until_told

BATCH = 25  # entries a transaction
# Entries by the hundred cost the writers little, so that the sealer, not they, is what is measured.
WRITE = """
WITH written AS (
  INSERT INTO kernel_entry (at, recorded_at, event, version, unit_id, subject_kind, subject, data, act)
  SELECT %(now)s, %(now)s, 'bench.gauge.read', 1, number, 'bench.gauge', number::text,
         jsonb_build_object('level_mm', number, 'sensor', md5(number::text), 'flags', jsonb_build_array(1, 2, 3)), kernel_act()
  FROM generate_series(1, %(count)s) number
  RETURNING id
), waiting AS (
  INSERT INTO kernel_pending (entry_id, shard) SELECT id, id %% 16 FROM written
)
INSERT INTO kernel_unsealed (entry_id) SELECT id FROM written
"""


def write(rate: str, seconds: str) -> float:
    """Write `rate` entries a second in small transactions; how many a second there were indeed."""
    until_told()
    begun, written = time.perf_counter(), 0
    while (passed := time.perf_counter() - begun) < float(seconds):
        if written < passed * int(rate):
            fill(str(BATCH))
            written += BATCH
        else:
            time.sleep(0.002)
    return written / passed


def seal(pause: str, seconds: str) -> dict[str, float]:
    """Seal what waits, then pause, as the scanner does.

    returns  entries sealed, seconds that sealing took of the time, the longest that an entry had waited, what is left
    """
    until_told()
    end, busy, sealed, longest = time.perf_counter() + float(seconds), 0.0, 0, 0.0
    while time.perf_counter() < end:
        since = verify.unsealed_since()
        begun = time.perf_counter()
        sealed += seals.seal_pending()
        busy += time.perf_counter() - begun
        if since:
            longest = max(longest, (real_now() - since).total_seconds())
        time.sleep(float(pause))
    return {"sealed": sealed, "busy_s": busy, "longest_s": longest, "left": left()}


def left() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kernel_unsealed")
        return int(cursor.fetchone()[0])


@transaction.atomic
def fill(count: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {"now": real_now(), "count": int(count)})


def fill_and_seal(count: str) -> int:
    """A journal to verify: so many entries in transactions of 2,000, all sealed."""
    for _ in range(int(count) // seals.MOST):
        fill(str(seals.MOST))
    return seals.seal_pending()


def verify_all() -> dict[str, object]:
    begun = time.perf_counter()
    report = verify.run()
    seconds = time.perf_counter() - begun
    return {"ok": report.ok, "entries": report.entries, "seals": report.seals, "seconds": seconds}
