"""A node for real use on a database and a message server that are not its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.conf import settings

from anlan.launcher.place import Place
from anlan.launcher.postgres import APP, OWNER, application_rights
from tests.nodes import TOKEN, eventually, live_node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.scenario
DATABASE = "outside"
NAME, PASSWORD = "chief", "weather-stone-71"


@pytest.fixture
def socket() -> Iterator[Path]:
    """Folder of the test cluster's socket; an empty database of another's stands there while the test runs."""
    folder = Place(settings.ANLAN.var).run / "pg"
    with psycopg.connect(host=str(folder), user=OWNER, dbname="postgres", autocommit=True) as owner:
        owner.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        owner.execute(f"CREATE DATABASE {DATABASE}")
        with psycopg.connect(host=str(folder), user=OWNER, dbname=DATABASE, autocommit=True) as inside:
            for statement in application_rights():
                inside.execute(statement)
        yield folder
        owner.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def test_it_uses_the_stores_that_it_is_given_and_starts_none_of_its_own(socket: Path) -> None:
    def url(role: str) -> str:
        return f"postgresql://{role}@/{DATABASE}?host={socket}"

    given = {
        "ANLAN_DATABASE_URL": url(APP),
        "ANLAN_DATABASE_OWNER_URL": url(OWNER),
        "ANLAN_NATS_URL": os.environ["ANLAN_NATS_URL"],
        "ANLAN_ADMIN_NAME": NAME,
        "ANLAN_ADMIN_PASSWORD": PASSWORD,
        "ANLAN_LISTEN": "127.0.0.1",
    }
    with live_node("outside", "up", **given) as node, node.client() as client:
        programs = {"base", "web1", "web2", "nginx", "live", "answer", "worker", "relay", "scan", "send"}
        assert set(node.programs()) == programs
        assert not (node.var / "pg/data").exists()
        token = TOKEN.search(client.get("/account/login/").text)
        assert token
        form = {"login": NAME, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        assert client.post("/account/login/", data=form).status_code == 302
        token = TOKEN.search(client.get("/node/").text)
        assert token
        asked = client.post("/node/self-check/", data={"csrfmiddlewaretoken": token[1]})
        result = asked.headers["Location"]
        eventually(
            lambda: "全程走通" in client.get(result).text,
            20,
            "the self-check goes through the outside stores",
        )
        assert client.get("/styleguide/").status_code == 404
