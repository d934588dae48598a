"""`pages`: a logged-in page through the front door, against the same page straight from granian.

The page is the product's own home page `/`: session, user, rights, navigation and templates, no list. The limit is
the same processes asked behind the door (HTTP/1.1 on their own sockets, no TLS), each with its share of the
connections. Never both at the same time.
"""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from bench.figures import Benchmark, Figure, Options, ratio_at_least, take_turns
from bench.node import USER, demo_node, log_in

if TYPE_CHECKING:
    from collections.abc import Sequence

BAR = ratio_at_least(0.7)
CLIENTS = 8  # connections, one request at a time on each: as many as the page processes have threads
SECONDS, WARM_UP = 5, 1
ONLY_200 = re.compile(r"status codes: \d+ 2xx, 0 3xx, 0 4xx, 0 5xx")
NO_FAILURE = re.compile(r" 0 failed, 0 errored, 0 timeout")
FROM_DOOR = ("-H", "x-forwarded-proto: https", "-H", "x-forwarded-for: 127.0.0.1")


def measure(options: Options) -> Sequence[Figure]:
    with demo_node("pages") as node, node.client() as client:
        sockets = node.web_sockets()
        cookie = log_in(client)
        check_is_logged_in_page(client.get("/").text)
        door = [[f"{node.url}/", "-c", str(CLIENTS)]]
        share = str(CLIENTS // len(sockets))
        straight = [
            [f"--base-uri=unix:{one}", "--h1", "http://127.0.0.1/", *FROM_DOOR, "-c", share]
            for one in sockets
        ]
        readings = take_turns(
            options.rounds(),
            {
                "door": lambda: rate(cookie, door),
                "straight": lambda: rate(cookie, straight),
                "door, gzip": lambda: rate(cookie, [[*door[0], "-H", "accept-encoding: gzip"]]),
            },
        )
        check_is_logged_in_page(client.get("/").text)
        node.check_is_whole()
    how = (
        f"page: the product's home page / of a logged-in user; limit: the same {len(sockets)} granian processes on their own sockets",
        f"h2load on the same cores, {CLIENTS} connections, {SECONDS} s a run; every response 200",
    )
    return [
        Figure("pages", "1/s", readings["door"], readings["straight"], BAR, how),
        Figure(
            "pages-gzip",
            "1/s",
            readings["door, gzip"],
            readings["straight"],
            remarks=("compressed, as for browsers",),
        ),
    ]


def rate(cookie: str, targets: Sequence[Sequence[str]]) -> float:
    """Requests per second of one h2load a target, all at once; stops the benchmark if any response was not 200."""
    common = ["h2load", "-D", str(SECONDS), "--warm-up-time", str(WARM_UP), "-H", f"cookie: {cookie}"]
    loads = [subprocess.Popen([*common, *target], stdout=subprocess.PIPE, text=True) for target in targets]
    return sum(rate_said(load.communicate()[0]) for load in loads)


def rate_said(output: str) -> float:
    """Requests per second from what h2load printed."""
    found = re.search(r"finished in [^,]+, ([\d.]+) req/s", output)
    if not found or not ONLY_200.search(output) or not NO_FAILURE.search(output):
        raise SystemExit(f"h2load met responses that are not the page:\n{output}")
    return float(found[1])


def check_is_logged_in_page(text: str) -> None:
    """Only the page of somebody logged in shows his name and the navigation."""
    if f">{USER}<" not in text or "<nav" not in text:
        raise SystemExit("the page measured is not that of a logged-in user")


BENCHMARK = Benchmark(
    "pages",
    (
        "经前门（TLS、HTTP/2）访问登录后首页的每秒请求数，与直连 granian 对比",
        "requests/s of the logged-in home page through the front door (TLS, HTTP/2), against straight from granian",
    ),
    "1/s",
    BAR,
    measure,
    programs=("h2load",),
)
