"""The demo's tree and cast, from data/demo.json. Nothing in it is real, and every name says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.kernel import second_factor, seeds
from anlan.kernel.context import Context
from anlan.kernel.models import Grant, Role, User
from anlan.kernel.register import acts
from anlan.kernel.scope import visible
from anlan.organisation.contact.register import CONTACTS
from anlan.organisation.person.models import Person
from anlan.organisation.person.register import PEOPLE
from anlan.organisation.person.services import link_user
from anlan.organisation.post.services import appoint_person, create_post, put_stand_in

if TYPE_CHECKING:
    from django.http import HttpRequest

PASSWORD = "anlan-demo-2026"  # noqa: S105 - printed at every start; the demo listens on this machine only
POWERS = ("person.read", "person.edit", "person.link", "contact.edit", "post.edit", "post.appoint")
NODE = Context(None, powers=frozenset(f"organisation.{power}" for power in POWERS))
DATA = Path(__file__).parent / "data/demo.json"


def _data() -> dict[str, list[dict[str, Any]]]:
    content: dict[str, list[dict[str, Any]]] = json.loads(DATA.read_text())
    return content


def is_loaded() -> bool:
    """Whether this database is a demo's: it holds units that are marked as such."""
    codes = [unit["code"] for unit in _data()["units"]]
    return seeds.has_units(codes)


def why_not(mode: str) -> str:
    """Why this database cannot serve that mode, or "": the demo's log-ins are known to all and never meet real data."""
    if mode == "up" and is_loaded():
        return _("这里是演示数据，演示密码人人皆知，不能用于正式运行。请用 ANLAN_VAR 另选数据目录。")
    if mode == "demo" and User.objects.exists() and not is_loaded():
        return _("这里已有正式数据，不能装入演示账号。请用 ANLAN_VAR 另选数据目录。")
    return ""


@transaction.atomic
def load() -> None:
    """Put the demo's tree and cast in place; what is there already stays as it is."""
    for unit in _data()["units"]:
        seeds.ensure_unit(**unit)
    for member in _data()["cast"]:
        user = User.objects.filter(username=member["username"]).first() or User.objects.create_user(
            member["username"], PASSWORD, display_name=member["display_name"]
        )
        for held in () if user.grants.exists() else (member, *member.get("also", ())):
            role = Role.objects.get(code=held["role"])
            Grant.objects.create(user=user, role=role, scope_root=seeds.unit_by_code(held["unit"]))
    if not visible(NODE, Person, "organisation.person.read").exists():
        _load_people()


def _load_people() -> None:
    """Invented people with numbers that are given to nobody, by the acts that people would do."""
    data = _data()
    people: dict[str, Person] = {}
    for row in data["people"]:
        unit = seeds.unit_by_code(row["unit"])
        given = {name: row[name] for name in ("code", "name", "title")}
        people[row["code"]] = acts.create_record(NODE, PEOPLE, unit=unit, **given)
        if "user" in row:
            link_user(NODE, people[row["code"]].pk, username=row["user"])
        number = {"kind": "mobile", "value": row["mobile"], "private": row.get("private", False)}
        acts.create_record(NODE, CONTACTS, unit=unit, person=people[row["code"]], **number)
    for row in data["lines"]:
        given = {name: row[name] for name in ("name", "value", "public")}
        acts.create_record(NODE, CONTACTS, unit=seeds.unit_by_code(row["unit"]), kind="land_line", **given)
    for row in data["posts"]:
        unit = seeds.unit_by_code(row["unit"])
        post = create_post(NODE, unit=unit, kind=row["kind"], field=row.get("field", ""))
        if "holder" in row:
            appoint_person(NODE, post.pk, people[row["holder"]].pk)
        if "stand_in" in row:
            put_stand_in(NODE, post.pk, people[row["stand_in"]].pk)


def for_log_in_page(request: HttpRequest) -> dict[str, Any]:
    """Template context: who may log in, on the demo's log-in page and nowhere else."""
    if settings.ANLAN.mode != "demo" or request.path != reverse("account_login"):
        return {}
    return {
        "demo_cast": _data()["cast"],
        "demo_password": PASSWORD,
        "demo_second_factor": second_factor.is_required(),
    }


def log_ins_as_text() -> str:
    """The cast as a table for the terminal."""
    lines = [f"  {member['username']:<12}{member['display_name']}" for member in _data()["cast"]]
    return "\n".join([_("演示登录名（密码均为 %(password)s）：") % {"password": PASSWORD}, *lines])
