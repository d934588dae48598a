"""`pages`: a logged-in page through the front door, against the same page straight from the page processes.

The page is the product's own home page `/`: session, user, rights, navigation and templates, no list. Both ways lead to
the same granian processes of the same node, over nginx (TLS, HTTP/2) or right to their Unix socket (HTTP/1.1), never at
the same time; so the ratio is what the door costs.
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
NO_OTHER = re.compile(r"status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx")
NO_FAILURE = re.compile(r" 0 failed, 0 errored, 0 timeout")


def measure(options: Options) -> Sequence[Figure]:
    with demo_node("pages") as node, node.client() as client:
        cookie = log_in(client)
        check_is_logged_in_page(client.get("/").text)
        door = [f"{node.url}/"]
        straight = [
            "--h1",
            f"--base-uri=unix:{node.web_socket}",
            "http://127.0.0.1/",
            "-H",
            "x-forwarded-proto: https",
        ]
        readings = take_turns(
            options.rounds(),
            {
                "door": lambda: rate(cookie, *door),
                "straight": lambda: rate(cookie, *straight),
                "door, gzip": lambda: rate(cookie, *door, "-H", "accept-encoding: gzip"),
            },
        )
        check_is_logged_in_page(client.get("/").text)
    how = f"h2load on the same cores, {CLIENTS} connections, {SECONDS} s a run"
    return [
        Figure("pages", "1/s", readings["door"], readings["straight"], BAR, (how, "every response 200")),
        Figure(
            "pages-gzip",
            "1/s",
            readings["door, gzip"],
            readings["straight"],
            remarks=("as browsers ask for it",),
        ),
    ]


def rate(cookie: str, *target: str) -> float:
    """Requests per second of h2load; stops the benchmark if any response was not 200."""
    command = [
        "h2load",
        "-c",
        str(CLIENTS),
        "-D",
        str(SECONDS),
        "--warm-up-time",
        str(WARM_UP),
        "-H",
        f"cookie: {cookie}",
    ]
    done = subprocess.run([*command, *target], capture_output=True, text=True, check=True)
    found = re.search(r"finished in [^,]+, ([\d.]+) req/s", done.stdout)
    if not found or not NO_OTHER.search(done.stdout) or not NO_FAILURE.search(done.stdout):
        raise SystemExit(f"h2load met responses that are not the page:\n{done.stdout}")
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
