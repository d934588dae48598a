"""What can be said of the benchmarks themselves without running them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from bench import calibration, pages, processes, runner

if TYPE_CHECKING:
    from pathlib import Path

UNITS = {"s", "1/s", "MB", "1"}


def test_every_benchmark_has_a_file_a_bar_and_a_known_unit() -> None:
    known = runner.registry()
    assert {"idle", "start", "firstrun", "pages", "publish", "ladder", "carrier"} <= known.keys()
    assert all(one.bar is not None and one.unit in UNITS and all(one.about) for one in known.values())


def test_family_of_a_process_holds_itself() -> None:
    assert os.getpid() in processes.family(os.getpid())
    assert os.getpid() in processes.family(os.getppid())


def test_memory_of_a_process_is_read_and_of_one_that_went_is_nothing() -> None:
    assert processes.pss_mb(os.getpid()) > 1
    assert processes.memory_alone_mb([os.getpid()]) >= processes.pss_mb(os.getpid())
    gone = int("9" * 9)
    assert processes.pss_mb(gone) == 0
    assert processes.arguments(gone) == [""]


def test_the_page_of_a_visitor_is_not_taken_for_that_of_a_user() -> None:
    pages.check_is_logged_in_page('<nav class="an-nav"></nav><span>duty</span>')
    with pytest.raises(SystemExit):
        pages.check_is_logged_in_page('<nav class="an-nav"></nav><form></form>')


def test_calibration_reads_processor_and_disk(tmp_path: Path) -> None:
    assert calibration.python_loop() > 0
    assert calibration.fdatasync_rate(tmp_path) > 0


GOOD = """finished in 6.00s, 96.40 req/s, 1.01MB/s
requests: 482 total, 482 started, 482 done, 482 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 482 2xx, 0 3xx, 0 4xx, 0 5xx"""


def test_rate_is_read_from_h2load_only_if_every_response_was_the_page() -> None:
    assert pages.rate_said(GOOD) == 96.4
    for bad in (GOOD.replace("0 3xx", "3 3xx"), GOOD.replace("0 failed", "1 failed"), ""):
        with pytest.raises(SystemExit):
            pages.rate_said(bad)
