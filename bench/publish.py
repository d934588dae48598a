"""`publish`: a red warning is approved and published for 10,000 people, each by three ways at once; when the first and the
last is handed over, by the carriers' own record, and how late the steps of ladders are taken.

The act that publishes opens the callout in its own transaction. The sender, the scanner and the relay are a node's own
programs; the carriers of messages and of calls are simulations, programs of their own behind HTTP. The third way is the
person's own page, which needs no carrier. The limit: the same rows copied within the database, the same requests posted.
"""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bench.figures import Benchmark, Figure, Options, product_at_most, progress
from bench.folder import fresh_folder
from bench.simulated import SECRET, simulated, write_secrets
from bench.stores import private_stores

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from bench.simulated import Simulated
    from bench.stores import Stores

FIRST, LAST, LATE = product_at_most(1.0), product_at_most(5.0), product_at_most(1.0)
PEOPLE, TOWNS, VILLAGES = 10_000, 20, 20
WAYS = 3
NEXT = 20  # seconds until the ladder's next step is due, for all of them at once
LADDER = f"立即 本人 站内、短信、语音\n{NEXT}秒 本人 语音"
# Nothing comes of a message or a call while it is measured: what people do costs the simulation time that no carrier here takes.
QUIET = {"messages": {"delay_s": [600, 601]}, "calls": {"lines": 1, "ring_s": [600, 601]}}
PATIENCE = 60.0
LEFT = "SELECT count(*) FROM channel_delivery WHERE state <= 1 OR state = 3 AND ended_at IS NULL"
HANDED = """
SELECT count(*) FILTER (WHERE d.channel = 'app'), count(*) FILTER (WHERE d.channel <> 'app' AND d.state = 2),
       extract(epoch FROM max(d.handed_at))
FROM channel_delivery d JOIN callout_recipient r ON d.key = r.id::text WHERE d.use = 'callout' AND r.callout_id = %s
"""
STEPS = "SELECT count(*) FROM kernel_due WHERE kind = 'message.callout.step'"
DUE = "SELECT extract(epoch FROM begun_at[1]) + %s FROM callout_callout WHERE id = %s"


def measure(options: Options) -> Sequence[Figure]:
    with fresh_folder("carriers") as folder:
        secrets = write_secrets(folder, "sms", "voice")
        with (
            private_stores("publish", ANLAN_CARRIER_SECRETS=str(secrets)) as stores,
            simulated(folder, "sms", QUIET) as sms,
            simulated(folder, "voice", QUIET) as voice,
            stores.programs("send", "scan", "relay"),
        ):
            county = int(stores.run("bench._scenes:county", PEOPLE, TOWNS, VILLAGES, 0, 0, owner=True))
            stores.run("bench._scenes:lay_ladder", county, LADDER, owner=True)
            addresses = json.dumps({one.code: one.address for one in (sms, voice)})
            stores.run("bench._scenes:enter_carriers", county, addresses, "real", owner=True)
            rounds = range(options.rounds() + 1)
            found = [once(stores, county, (sms, voice), addresses) for _ in rounds][1:]  # the first warms up
    how = (
        f"{PEOPLE:,} people of {TOWNS * VILLAGES + TOWNS + 1} units, {WAYS} ways each: SMS and voice by HTTP, in batches of 500; their own page",
        "from before the approval; by the carriers' own records and by ours, whichever is later",
        "the carriers' simulations share the cores",
    )
    step = f"the next step of all {PEOPLE:,}, from when it is due until it is committed, their calls ordered"
    return [
        Figure("publish", "s", [one["first"] for one in found], bar=FIRST, remarks=how),
        Figure("publish-last", "s", [one["last"] for one in found], [one["raw"] for one in found], LAST),
        Figure("publish-committed", "s", [one["committed"] for one in found]),
        Figure("publish-step", "s", [one["step"] for one in found], bar=LATE, remarks=(step,)),
    ]


def once(stores: Stores, county: int, carriers: Sequence[Simulated], addresses: str) -> dict[str, float]:
    """Publish once; seconds to the commit, to the first and to the last hand-over, and how late the next step was."""
    known = {item["id"] for carrier in carriers for item in carrier.record()["items"]}
    told: dict[str, Any] = stores.run("bench._scenes:publish", county)
    with stores.connect() as owner:
        until_none(owner, LEFT)
        own, handed, noted = owner.execute(HANDED, [told["callout"]]).fetchone() or (0, 0, 0)
        items = [one for each in carriers for one in each.record()["items"] if one["id"] not in known]
        if (own, handed, len(items)) != (PEOPLE, 2 * PEOPLE, 2 * PEOPLE):
            raise SystemExit(
                f"handed over: {own} to pages, {handed} by our ledger, {len(items)} by the carriers'"
            )
        until_none(owner, STEPS)
        stepped = time.time()
        due = float((owner.execute(DUE, [NEXT, told["callout"]]).fetchone() or (0,))[0])
        until_none(owner, LEFT)
        stores.run("bench._scenes:stop_all")
        until_none(owner, LEFT)
        # Or the copy is planned badly now and then.
        owner.execute("ANALYZE callout_recipient, channel_delivery")
    taken = [datetime.fromisoformat(item["at"]).timestamp() for item in items]
    begun = told["begun"]
    found = {
        "committed": told["committed"] - begun,
        "first": min(taken) - begun,
        "last": max(*taken, float(noted)) - begun,
        "step": stepped - due,
        "raw": float(stores.run("bench._scenes:raw", told["callout"], addresses, SECRET)),
    }
    progress(", ".join(f"{name} {seconds:.2f} s" for name, seconds in found.items()))
    return found


def until_none(owner: psycopg.Connection[tuple[Any, ...]], count: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while owner.execute(count.encode()).fetchone() != (0,):
        if time.monotonic() > deadline:
            raise SystemExit(f"it did not come to an end: {count}")
        time.sleep(0.02 if count == STEPS else 0.2)


BENCHMARK = Benchmark(
    "publish",
    (
        "审批红色预警到向一万名责任人（各三种方式）首次、末次交付的时间",
        "from approval of a red warning to the first and last hand-over, 10,000 people by three ways each",
    ),
    "s",
    FIRST,
    measure,
)
