from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

from house import running
from house.rules import migrations, openapi, settings_page

if TYPE_CHECKING:
    import pytest
    from tests.house.conftest import TreeOf


def test_a_stale_settings_page_is_found_and_renewed(tree_of: TreeOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anlan.environment", SimpleNamespace(as_markdown=lambda: "# 设置\n"))
    tree = tree_of({settings_page.SOURCE: "", settings_page.PAGE: "# old\n"})
    assert len(list(settings_page.check(tree))) == 1
    settings_page.renew(tree)
    assert not list(settings_page.check(tree_of({})))


def test_a_stale_description_of_the_interface_is_found_and_renewed(
    tree_of: TreeOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = SimpleNamespace(get_openapi_schema=lambda: {"openapi": "3.1.0", "info": {"title": "安澜"}})
    monkeypatch.setattr(running, "attribute", lambda *_: api)
    tree = tree_of({openapi.SOURCE: "", openapi.SNAPSHOT: "{}\n"})
    assert len(list(openapi.check(tree))) == 1
    openapi.renew(tree)
    assert not list(openapi.check(tree_of({})))


def test_a_migration_without_name_or_way_back_is_found(tree_of: TreeOf) -> None:
    folder = "src/anlan/watch/rain/migrations"
    tree = tree_of(
        {
            f"{folder}/__init__.py": "",
            f"{folder}/0001_rain.py": "x = [migrations.RunPython(fill, migrations.RunPython.noop), RunSQL(sql='', reverse_sql='')]",
            f"{folder}/0002_auto_20261121_1200.py": "",
            f"{folder}/0003_fill.py": "x = [\n    migrations.RunPython(fill),\n]",
        }
    )
    found = [(finding.path.rpartition("/")[2], finding.line) for finding in migrations.check(tree)]
    assert found == [("0002_auto_20261121_1200.py", 1), ("0003_fill.py", 2)]


def test_a_model_change_without_migration_is_found(tree_of: TreeOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        running, "attribute", lambda *_: lambda: [("anlan.watch.rain", "Add field depth_mm to rain")]
    )
    found = list(migrations.check(tree_of({migrations.SETTINGS: ""})))
    assert [finding.path for finding in found] == ["src/anlan/watch/rain/migrations"]
