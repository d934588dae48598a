"""An operator verifies the journal of a real node: whole, then tampered with, then older than its anchors."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import psycopg
import pytest

from anlan.launcher.place import Place
from tests.launcher.conftest import anlan
from tests.nodes import eventually, live_node, token_of

if TYPE_CHECKING:
    from tests.nodes import LiveNode

pytestmark = pytest.mark.scenario


def act(node: LiveNode) -> None:
    """Something that is journalled, by a person."""
    client = node.logged_in("duty")
    client.post("/node/self-check/", data={"csrfmiddlewaretoken": token_of(client.get("/node/").text)})
    client.close()


def change(node: LiveNode, statement: str) -> None:
    with psycopg.connect(host=str(Place(node.var).run / "pg"), user="postgres", dbname="anlan") as connection:
        connection.execute(statement)


def sealed(node: LiveNode) -> bool:
    return node.sql("SELECT count(*) > 0, (SELECT count(*) = 0 FROM kernel_unsealed) FROM kernel_seal") == [
        (True, True)
    ]


def test_the_journal_of_a_running_node_is_verified_and_what_was_done_to_it_is_named() -> None:
    with live_node("verify") as node:
        act(node)
        eventually(lambda: sealed(node), 20, "the scanner seals")
        anchors = node.var / "anchors/anchors.jsonl"
        eventually(lambda: anchors.exists() and bool(anchors.read_text()), 90, "the scanner anchors")
        assert (node.var / "keys").stat().st_mode & 0o777 == 0o700

        whole = anlan(node.var, "journal", "verify")
        assert (whole.returncode, whole.stderr) == (0, "")
        assert "留痕核验通过" in whole.stdout
        assert "有效锚定 1 次" in whole.stdout

        ((entry,),) = node.sql("SELECT max(id) FROM kernel_entry")
        change(node, f"UPDATE kernel_entry SET version = 9 WHERE id = {entry}")  # noqa: S608 - a number
        told = anlan(node.var, "journal", "verify", "--json")
        assert told.returncode == 1
        report = json.loads(told.stdout)
        assert [(one["flaw"], one["entry"]) for one in report["findings"]] == [("entry_changed", entry)]
        change(node, f"UPDATE kernel_entry SET version = 1 WHERE id = {entry}")  # noqa: S608 - a number
        var = node.var
    down = anlan(var, "journal", "verify")
    assert down.returncode == 0, down.stdout + down.stderr

    wrong = anlan(var, "journal", "mend")
    assert (wrong.returncode, "verify" in wrong.stderr) == (2, True)


def test_after_the_restore_of_an_older_backup_the_anchors_tell_of_what_is_lost() -> None:
    with live_node("verify-restored") as node:
        var = node.var
        act(node)
        eventually(lambda: sealed(node), 20, "the scanner seals")
        anchors = var / "anchors/anchors.jsonl"
        eventually(lambda: anchors.exists() and bool(anchors.read_text()), 90, "the scanner anchors")
        assert anlan(var, "backup", str(var / "b.anlan")).returncode == 0
        act(node)
        eventually(
            lambda: sealed(node) and node.sql("SELECT max(number) > 1 FROM kernel_seal") == [(True,)],
            20,
            "a later seal",
        )
        ((last,),) = node.sql("SELECT max(number) FROM kernel_seal")
    # The next anchor comes within the hour; its stand-in is made by the program's own hand.
    make = "from anlan.kernel import anchors; from anlan.kernel.models import Seal; from anlan.kernel.clock import real_now; from datetime import timedelta; anchors.anchorage().anchor(Seal.objects.latest('number'), real_now(), timedelta())"
    made = anlan(var, "manage", "shell", "-c", make)
    assert made.returncode == 0, made.stderr
    key = next((var / "keys").iterdir()).read_bytes()

    assert anlan(var, "restore", "--replace", str(var / "b.anlan")).returncode == 0
    assert next((var / "keys").iterdir()).read_bytes() == key
    told = anlan(var, "journal", "verify")
    assert told.returncode == 1
    assert f"证明曾有第 {last} 号封存" in told.stdout
    assert "恢复了更早的备份" in told.stdout

    shutil.rmtree(var / "anchors")  # as on another machine, which gets the anchors of the backup
    assert anlan(var, "restore", "--replace", str(var / "b.anlan")).returncode == 0
    there = anlan(var, "journal", "verify")
    assert there.returncode == 0, there.stdout
    assert "有效锚定" in there.stdout
