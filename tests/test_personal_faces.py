"""Personal data on every face of every register that holds some: masked for whoever may do all but look.

A register whose model names PERSONAL fields needs a row in SECRETS; without one a test here fails.
"""

from __future__ import annotations

import io
import json
import logging
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import NoReverseMatch, reverse

from anlan.kernel import personal, rooms, tasks
from anlan.kernel.models import Entry, Grant, LongTask, Role
from anlan.kernel.register import acts, exporting, forms
from anlan.kernel.register.declaration import registers
from tests.cast import acting, enter, make_user
from tests.kernel.register.conftest import SameLine
from tests.kernel.register.tables import Desk, csv
from tests.organisation.helper.helpers import make_helper
from tests.organisation.people import make_contact, make_person
from tests.prevent.hydrant.hydrants import hydrant
from tests.test_scope_matrix import API, CASES

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse
    from django.test import Client

    from anlan.kernel.context import Context
    from anlan.kernel.register import Register
    from tests.cast import World

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Secret:
    """A register's personal field: a record that holds one value, and another value that it may come to hold.

    api  where the register's operations lie
    """

    field: str
    first: str
    second: str
    make: Callable[[World, str], Any]
    api: str


SECRETS = {
    "prevent.hydrant": Secret(
        "keeper_phone",
        "13871625340",
        "13982736451",
        lambda world, phone: hydrant(world.town, "密街消火栓", code="S-1", keeper_phone=phone),
        "/hydrants",
    ),
    "organisation.person": Secret(
        "identity",
        "110101199003070978",
        "11010119900307715X",
        lambda world, number: make_person(world.town, "密云生", code="S-1", identity=number),
        "/people",
    ),
    "organisation.contact": Secret(
        "value",
        "10071625340",
        "10082736451",
        lambda world, number: make_contact(
            make_person(world.town, "密云生"), number, code="S-1", private=True
        ),
        "/contacts",
    ),
    "organisation.helper": Secret(
        "phone",
        "13871625340",
        "13982736451",
        lambda world, phone: make_helper(world.town, "密云生", code="S-1", phone=phone),
        "/helpers",
    ),
}


def holding_personal_data() -> dict[str, Register]:
    for room in rooms.find():
        room.part("register")
    return {prefix: one for prefix, one in registers().items() if personal.masks_of(one.model)}


by_register = pytest.mark.parametrize("prefix", sorted(SECRETS))


def test_every_register_with_personal_data_is_looked_at_here() -> None:
    assert holding_personal_data().keys() == SECRETS.keys()


@dataclass
class Prying:
    """One who may do everything in his district but look at personal data, and goes everywhere.

    seen  what came to him, by where
    """

    door: Client
    ctx: Context
    register: Register
    secret: Secret
    record: Any
    seen: dict[str, str]

    def note(self, where: str, answer: HttpResponse) -> HttpResponse:
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]  # it has one of them
        if "json" in answer.headers["Content-Type"]:
            content = json.dumps(json.loads(content), ensure_ascii=False).encode()
        self.seen[where] = content.decode(errors="replace") + str(answer.headers)
        return answer

    def get(self, name: str, /, *args: Any, **asked: Any) -> HttpResponse:
        return self.note(
            " ".join(map(str, (name, *args, *asked.values()))), self.door.get(reverse(name, args=args), asked)
        )

    def post(self, name: str, /, *args: Any, **sent: Any) -> HttpResponse:
        return self.note(f"post {name}", self.door.post(reverse(name, args=args), sent))

    def api(self, method: str, path: str, /, **sent: Any) -> HttpResponse:
        address = f"/api/v1{self.secret.api}{path}"
        answer = getattr(self.door, method)(address, sent, content_type="application/json")
        return self.note(f"{method} {address}", answer)

    def form(self, **changed: Any) -> dict[str, Any]:
        """What the form sends back of the record."""
        shown = forms.RecordForm(self.ctx, self.register, None, self.record)
        given = {name: shown[name].value() for name in shown.fields}
        return {name: value for name, value in given.items() if value not in (None, False)} | changed


@pytest.fixture
def prying(
    request: pytest.FixtureRequest, world: World, door: Client, monkeypatch: pytest.MonkeyPatch
) -> Prying:
    """His record came to its second value by an act, so that there is history."""
    monkeypatch.setattr(tasks, "open_line", SameLine)
    monkeypatch.setattr(tasks, "TELL_EVERY", 0.0)
    prefix = request.getfixturevalue("prefix")
    register, secret = holding_personal_data()[prefix], SECRETS[prefix]
    wanted = sorted(code for code in rooms.capabilities() if not code.endswith(".look"))
    role = Role.objects.create(code="prying", name="看遍", capabilities=wanted)
    user = make_user("prying", "看遍")
    Grant.objects.create(user=user, role=role, scope_root=world.district)
    enter(door, user)
    record = secret.make(world, secret.first)
    ctx = acting(world.holder(register.capability("edit")))
    acts.edit_record(ctx, register, record.pk, version=record.version, **{secret.field: secret.second})
    record.refresh_from_db()
    return Prying(door, acting(user), register, secret, record, {})


def go_everywhere(prying: Prying) -> None:
    name, record, secret = prying.register.name, prying.record, prying.secret
    for q in ("", secret.second, secret.second[-6:], str(record), "密"):
        prying.get(f"{name}_list", q=q)
        prying.get("find", q=q)
    prying.get(f"{name}_detail", record.pk)
    prying.get(f"{name}_edit", record.pk)
    prying.get(f"{name}_retire", record.pk)
    prying.post(f"{name}_look", record.pk, reason="好奇")
    prying.post(f"{name}_edit", record.pk, **prying.form(version=1, **{secret.field: ""}))  # in conflict
    prying.post(f"{name}_create", **prying.form(), **{f"{secret.field}": "12"})  # its key is taken
    _ask_the_api(prying)
    _take_tables(prying)
    for other in registers().values():
        for field in other.fields:
            if other.model._meta.get_field(field).related_model is prying.register.model:
                prying.get(f"{other.name}_choose", field, q=str(record), words=str(record))
    kind = prying.register.label
    prying.get("journal_of", kind, str(record.pk))
    prying.get("journal_search", words=str(record))
    prying.get("attachments_of", kind, str(record.pk))
    for entry in Entry.objects.all():
        prying.get("journal_entry", entry.pk)
    _open_every_page(prying)


def _ask_the_api(prying: Prying) -> None:
    prying.api("get", "")
    prying.api("get", f"?q={prying.secret.second}&use=all")
    prying.api("get", f"/{prying.record.pk}")
    prying.api("post", f"/{prying.record.pk}/look", reason="好奇")
    prying.api("patch", f"/{prying.record.pk}", version=1)
    prying.api("patch", f"/{prying.record.pk}", version=prying.record.version, code="S-2")
    prying.api("post", "", code="S-2")


def _take_tables(prying: Prying) -> None:
    """Exports in every form, and imports: a right row, and one that is wrong."""
    desk, name = Desk(prying.ctx, prying.register), prying.register.name
    prying.get(f"{name}_export")
    for kind in exporting.kinds_of(prying.register):
        content = desk.export(kind, "use=all")
        if kind == "xlsx":
            book = zipfile.ZipFile(io.BytesIO(content))
            content = b"".join(book.read(part) for part in book.namelist())
        prying.seen[f"export {kind}"] = content.decode()
    for word in ("密", "x" * 5000):
        desk.check(csv(("code", "name", "unit"), ("S-1", word, "没有的单位")), "甲.csv")
    for task in LongTask.objects.filter(asked_by=prying.ctx.actor):
        prying.get("task_detail", task.pk)
        if task.kind != exporting.EXPORT:
            prying.get(f"{name}_import_check", task.pk)
            prying.get(f"{name}_import_wrong", task.pk)


def _open_every_page(prying: Prying) -> None:
    """Whatever other pages of the node there are that need not be told of what."""
    for case in CASES:
        if case.method != "get":
            continue
        if case.name.startswith(API):
            address = f"/api/v1{case.name.removeprefix(API)}"
        else:
            try:
                address = reverse(case.name)
            except NoReverseMatch:
                continue
        prying.note(f"page {case.name}", prying.door.get(address))


@by_register
def test_personal_data_is_masked_on_every_face(
    prefix: str, prying: Prying, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    go_everywhere(prying)
    seen, secret = prying.seen, prying.secret
    masked = personal.masks_of(prying.register.model)[secret.field](secret.second)
    for where in (
        f"{prying.register.name}_detail {prying.record.pk}",
        "export csv",
        f"get /api/v1{secret.api}",
    ):
        assert masked in seen[where], where
    told = {where for where, text in seen.items() if secret.first in text}
    told |= {where for where, text in seen.items() if secret.second in text and secret.second not in where}
    assert not told
    assert secret.first not in caplog.text


@by_register
def test_who_may_look_sees_it_so_that_the_others_could_have(
    prefix: str, prying: Prying, world: World
) -> None:
    enter(prying.door, world.holder(prying.register.capability("look")))
    prying.post(f"{prying.register.name}_look", prying.record.pk, reason="核对")
    prying.api("post", f"/{prying.record.pk}/look", reason="核对")
    assert len(prying.seen) == 2
    assert all(prying.secret.second in text for text in prying.seen.values())
