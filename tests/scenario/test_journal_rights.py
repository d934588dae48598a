"""On a real node the application's role adds to the journal and can never change it."""

from __future__ import annotations

import psycopg
import pytest

from anlan.launcher.place import Place
from tests.nodes import live_node, token_of

pytestmark = pytest.mark.scenario


def test_the_application_s_role_cannot_change_or_remove_an_entry_or_a_seal() -> None:
    with live_node("rights") as node:
        client = node.logged_in("duty")
        client.post("/node/self-check/", data={"csrfmiddlewaretoken": token_of(client.get("/node/").text)})
        client.close()
        assert node.sql("SELECT count(*) FROM kernel_entry WHERE event = 'kernel.self_check.asked'") == [(1,)]
        socket = str(Place(node.var).run / "pg")
        with psycopg.connect(host=socket, user="anlan_app", dbname="anlan", autocommit=True) as application:
            assert application.execute("SELECT count(*) FROM kernel_entry").fetchone()
            for statement in (
                "UPDATE kernel_entry SET event = 'nothing.happened'",
                "DELETE FROM kernel_entry",
                "TRUNCATE kernel_entry CASCADE",
                "UPDATE kernel_seal SET algorithm = 'sm3'",
                "DELETE FROM kernel_seal",
                "TRUNCATE kernel_seal",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    application.execute(statement)
