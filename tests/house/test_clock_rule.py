from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house.rules import clock

if TYPE_CHECKING:
    from tests.house.conftest import TreeOf

KEPT = """
    import time
    from datetime import datetime, timedelta
    from django.utils import timezone
    from anlan.kernel.clock import real_now

    def due(ctx):
        "SELECT now() would be wrong here, says this docstring."
        started = time.monotonic()
        return ctx.now() + timedelta(minutes=5), real_now(), timezone.localtime(ctx.now()), datetime(2026, 1, 1)
"""


@pytest.mark.parametrize(
    "code",
    [
        "from django.utils import timezone\nx = timezone.now()",
        "from django.utils.timezone import now as jetzt\nx = jetzt()",
        "from django.utils import timezone\nx = dict(default=timezone.now)",
        "import datetime\nx = datetime.datetime.now(datetime.UTC)",
        "import datetime as dt\nx = dt.datetime.utcnow()",
        "from datetime import date\nx = date.today()",
        "from datetime import datetime\nx = datetime.today()",
        "from django.utils import timezone\nx = timezone.localdate()",
        "import time\nx = time.time()",
        "from django.db.models.functions import Now\nx = Now()",
        "from django.db import models\nx = models.DateTimeField(auto_now_add=True)",
        "x = 'SELECT 1 FROM due WHERE at <= now()'",
        "x = f'UPDATE {1} SET at = CURRENT_TIMESTAMP'",
    ],
)
def test_reading_the_machines_clock_is_found(tree_of: TreeOf, code: str) -> None:
    found = list(clock.check(tree_of({"src/anlan/watch/rain/services.py": code})))
    assert [finding.line for finding in found] == [1 if code.startswith("x") else 2]


def test_domain_time_and_measurements_pass(tree_of: TreeOf) -> None:
    assert not list(clock.check(tree_of({"src/anlan/watch/rain/services.py": KEPT})))


def test_words_about_now_are_not_sql(tree_of: TreeOf) -> None:
    assert not list(
        clock.check(tree_of({"src/anlan/site/views.py": "x = 'what is the current_time now()?'"}))
    )


@pytest.mark.parametrize("path", ["kernel/clock.py", "kernel/migrations/0002_clock.py", "launcher/node.py"])
def test_the_clock_itself_may_ask(tree_of: TreeOf, path: str) -> None:
    files = {f"src/anlan/{path}": "import time\nx = time.time()\ny = 'select now()'"}
    assert not list(clock.check(tree_of(files)))


@pytest.mark.parametrize("tag", ["{% now 'Y' %}", "{{ at|timesince }}", "{{ at | naturaltime }}"])
def test_templates_that_ask_the_time_are_found(tree_of: TreeOf, tag: str) -> None:
    found = list(clock.check(tree_of({"src/anlan/site/templates/site/home.html": f"<p>{tag}</p>"})))
    assert len(found) == 1


def test_templates_that_compare_two_given_times_pass(tree_of: TreeOf) -> None:
    files = {"src/anlan/site/templates/site/home.html": "<p>{{ at|timesince:now }} {{ now|date }}</p>"}
    assert not list(clock.check(tree_of(files)))


def test_sql_files_are_read_too(tree_of: TreeOf) -> None:
    assert len(list(clock.check(tree_of({"src/anlan/map/sql/tiles.sql": "-- tiles\nselect now();"})))) == 1
