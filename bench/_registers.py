"""What the register benchmarks run inside the product: a large register, its pages asked for, a table imported.

The people are those of the organisation: a name sorted by pinyin, a unit, a code, a title, a masked number.
"""

from __future__ import annotations

import random
from functools import cache
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.http import HttpResponse
from django.template import engines
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import include, path, reverse

from anlan.kernel import tasks
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.ids import uuid7
from anlan.kernel.models import Grant, LongTask, Role, Unit, User
from anlan.kernel.pages import needs
from anlan.kernel.register import importing, listing
from anlan.kernel.register.declaration import register_of
from anlan.kernel.register.sheets import Sheet
from anlan.kernel.search import document
from anlan.kernel.seeds import plant_unit
from anlan.site import urls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anlan.kernel.register import Register
    from anlan.kernel.requests import PageRequest

PEOPLE, UNITS = "organisation.person", "organisation.unit"
TITLES = ("", "科员", "主任", "副镇长", "网格员")
FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲红建国志海山东春雨雪梅云龙飞鹏宇晨阳思佳欣怡"
TOWNS = 500
PAGES_A_READING = 60


def _say(register: Register) -> list[str]:
    verbs = ("read", "edit", "export")
    return [register.capability(verb) for verb in verbs]


def _user(unit: Unit, name: str) -> User:
    capabilities = [*_say(register_of(PEOPLE)), *_say(register_of(UNITS))]
    role = Role.objects.get_or_create(code="bench", defaults={"name": "bench", "capabilities": capabilities})[
        0
    ]
    user = User.objects.create_user(name, None, display_name=name)
    Grant.objects.create(user=user, role=role, scope_root=unit, from_at=real_now())
    return user


# --- a large register -----------------------------------------------------------------------------------------------


def fill(units: str, people: str) -> dict[str, int]:
    """So many units below one city, so many people in them, as the tables' owner; and one user each of city and district."""
    chance = random.Random(7)  # noqa: S311 - the same names in every run
    city = plant_unit("C", "大市", "city", None)
    district = plant_unit("C-1", "甲区", "district", city)
    _user(city, "city"), _user(district, "district")
    ids = _fill_units(city, district, int(units), chance)
    _fill_people(ids, int(people), chance)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return {"units": Unit.unscoped.count()}


def _fill_units(city: Unit, district: Unit, number: int, chance: random.Random) -> list[int]:
    """A tenth in the district, the rest in ten others; each village below one of their towns."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('kernel_unit', 'id'))")
        first = int(cursor.fetchone()[0]) + 1
    parents = [district.path, *(f"{city.path}{first + place}." for place in range(9))]
    rows: list[tuple[int, str, int]] = [(first + place, city.path, city.pk) for place in range(9)]
    towns: list[str] = []
    for place in range(number - 11):
        own = first + 9 + place
        above = parents[place % 10] if place < TOWNS else chance.choice(towns)
        if place < TOWNS:
            towns.append(f"{above}{own}.")
        rows.append((own, above, int(above.split(".")[-2])))
    docs = {kind: {name: document(name) for name in names} for kind, names in _unit_names().items()}
    names = {kind: list(found) for kind, found in docs.items()}
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kernel_unit DISABLE TRIGGER USER")
        with cursor.copy(
            "COPY kernel_unit (id, path, parent_id, code, name, kind, search, version) FROM STDIN"
        ) as out:
            for place, (own, above, parent) in enumerate(rows):
                kind = "district" if place < 9 else "township" if place < TOWNS + 9 else "village"
                name, code = chance.choice(names[kind]), f"c{own}"
                search = f"{docs[kind][name]} '{code}'"
                out.write_row((own, f"{above}{own}.", parent, code.upper(), name, kind, search, 1))
        cursor.execute("ALTER TABLE kernel_unit ENABLE TRIGGER USER")
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('kernel_unit', 'id'), (SELECT max(id) FROM kernel_unit))"
        )
    return [own for own, _above, _parent in rows]


def _unit_names() -> dict[str, list[str]]:
    ends = {"district": "区", "township": "镇", "village": "村"}
    return {kind: [f"{a}{b}{end}" for a in FAMILY for b in GIVEN] for kind, end in ends.items()}


def _fill_people(units: list[int], number: int, chance: random.Random) -> None:
    """A third are party members, a fiftieth is retired."""
    docs = {name: document(name) for name in islice(_names(chance), 20_000)}
    titles = {title: document(title) for title in TITLES}
    names = list(docs)
    now = real_now()
    columns = "id, version, unit_id, code, name, title, party_member, identity, note, search, retired_at"
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE person_person DISABLE TRIGGER USER")
        with cursor.copy(f"COPY person_person ({columns}) FROM STDIN") as out:
            for place in range(number):
                name, title, code, unit = (
                    chance.choice(names),
                    TITLES[place % 5],
                    f"p{place}",
                    chance.choice(units),
                )
                retired = now if place % 50 == 0 else None
                search = f"{docs[name]} {titles[title]} '{code}'"
                row = (uuid7(), 1, unit, code.upper(), name, title, place % 3 == 0, "", "", search, retired)
                out.write_row(row)
        cursor.execute("ALTER TABLE person_person ENABLE TRIGGER USER")


def _names(chance: random.Random) -> Iterator[str]:
    while True:
        yield chance.choice(FAMILY) + "".join(chance.choice(GIVEN) for _ in range(chance.choice((1, 2, 2))))


# --- pages ----------------------------------------------------------------------------------------------------------


def _client(name: str) -> tuple[Client, Context]:
    user = User.objects.get(username=name)
    client = Client()
    client.defaults |= {
        "HTTP_HOST": "localhost",
        "HTTP_X_FORWARDED_FOR": "127.0.0.1",
        "wsgi.url_scheme": "https",
    }
    client.force_login(user)
    return client, Context(user)


def _ask(client: Client, address: str) -> bytes:
    answer = client.get(address)
    if answer.status_code != 200:
        raise SystemExit(f"{address}: {answer.status_code}")
    return answer.content


def lists() -> dict[str, dict[str, float]]:
    """For each way to ask for a list: the 95th percentile of the milliseconds of its requests, and its queries."""
    found = {}
    for prefix in (UNITS, PEOPLE):
        for name in ("city", "district"):
            client, ctx = _client(name)
            for way, addresses in _ways(ctx, register_of(prefix)).items():
                found[f"{prefix.rpartition('.')[2]} {name} {way}"] = _measured(client, addresses)
    return found


def _measured(client: Client, addresses: list[str]) -> dict[str, float]:
    _ask(client, addresses[0])  # a session says once a minute that it is in use
    with CaptureQueriesContext(connection) as queries:
        _ask(client, addresses[0])
        asked = len(queries)
    spent = []
    for place in range(PAGES_A_READING):
        begun = perf_counter()
        _ask(client, addresses[place % len(addresses)])
        spent.append(1000 * (perf_counter() - begun))
    spent.sort()
    return {"ms": spent[int(len(spent) * 0.95)], "median": spent[len(spent) // 2], "queries": asked}


def _ways(ctx: Context, register: Register) -> dict[str, list[str]]:
    """Ways to ask for a list; where it can, each at several places, so that none is answered from memory alone."""
    base = reverse(f"{register.name}_list")
    towns = list(
        Unit.unscoped.filter(path__startswith=ctx.roots(register.capability("read"))[0], kind="township")[:20]
    )
    narrowed = ("kind=village",) if register.prefix == UNITS else ("party_member=1",)
    words = ["王", "zhangw", "lm", "李明", "陈建"]
    return {
        "first": [base],
        "deep": _deep(ctx, register, base, register.order),
        "deep, by name": _deep(ctx, register, base, "name"),
        "deep, by name downwards": _deep(ctx, register, base, "-name"),
        **{f"by {one}": [f"{base}?{one}&sort=name"] for one in narrowed},
        "of a town": [f"{base}?unit={town.pk}" for town in towns],
        "of a town, by name": [f"{base}?unit={town.pk}&sort=name" for town in towns],
        "retired": [f"{base}?use=retired"],
        "words": [f"{base}?q={word}" for word in words],
        "words of a town": [
            f"{base}?q={word}&unit={town.pk}" for word, town in zip(words, towns, strict=False)
        ],
    }


def _deep(ctx: Context, register: Register, base: str, sort: str) -> list[str]:
    """Pages that begin at the twentieths of the list."""
    wanted = listing.Wanted(sort=sort)
    rows = listing.ordered(ctx, register, wanted)
    step = max(rows.order_by().count() // 20, 1)
    keys = [rows.values_list("pk", sort.removeprefix("-"))[step * place] for place in range(1, 20)]
    return [f"{base}?sort={sort}&after={listing.mark_of(*key)}" for key in keys]


# --- the list against a template ------------------------------------------------------------------------------------

TEMPLATE = """
{% extends "kernel/base.html" %}
{% block content %}
<table class="an-table"><thead><tr>{% for head in heads %}<th>{{ head }}</th>{% endfor %}</tr></thead><tbody>
{% for row in rows %}<tr><th scope="row"><a href="{% url "person_detail" row.key %}">{{ row.name }}</a></th>
{% for cell in row.cells %}<td data-label="{{ cell.label }}">{{ cell.text }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table>
{% endblock %}
"""


@needs(f"{PEOPLE}.read")
def template_page(request: PageRequest) -> HttpResponse:
    """The same 50 rows and columns, as plain Django would render them."""
    register = register_of(PEOPLE)
    found = listing.list_slice(request.ctx, register, listing.Wanted(sort=register.order))
    rows = [
        {
            "key": key,
            "name": values[0],
            "cells": [
                {"label": column.label, "text": column.text(value)}
                for column, value in zip(register.listed[1:], values[1:], strict=True)
            ],
        }
        for key, *values in found.rows
    ]
    shown = {"rows": rows, "heads": [column.label for column in register.listed]}
    return HttpResponse(_compiled().render(shown, request))


@cache
def _compiled() -> Any:
    return engines["django"].from_string(TEMPLATE)


urlpatterns = [path("bench/template/", template_page), path("", include(urls))]


def rates(seconds: str, turns: str) -> dict[str, list[float]]:
    """Requests a second of the list and of the template's page, in turns."""
    found: dict[str, list[float]] = {"list": [], "template": []}
    with override_settings(ROOT_URLCONF=__name__):
        client, _ctx = _client("city")
        addresses = {"list": reverse("person_list"), "template": "/bench/template/"}
        for turn in range(int(turns) + 1):
            for name, address in addresses.items():
                rate = _rate(client, address, float(seconds))
                if turn:  # the first warms up
                    found[name].append(rate)
    return found


def _rate(client: Client, address: str, seconds: float) -> float:
    begun, count = perf_counter(), 0
    while (spent := perf_counter() - begun) < seconds:
        _ask(client, address)
        count += 1
    return count / spent


# --- import ---------------------------------------------------------------------------------------------------------


def write_table(where: str, number: str) -> None:
    """A workbook of so many people, and units and a user for it."""
    chance = random.Random(7)  # noqa: S311 - the same names in every run
    city = plant_unit("C", "大市", "city", None)
    units = [plant_unit(f"T-{place}", f"第{place}镇", "township", city) for place in range(200)]
    _user(city, "city")
    sheet = Sheet(Path(where), ["所属单位", "编号", "姓名", "职务", "党员", "备注"])
    for place, name in enumerate(islice(_names(chance), int(number))):
        is_member = "否" if place % 3 else "是"
        sheet.add(
            [chance.choice(units).code, f"P-{place}", name, TITLES[place % 5], is_member, f"备注{place % 97}"]
        )
    sheet.close()


def import_table(where: str) -> dict[str, float]:
    """Check and import it as a worker does; seconds of both, peak memory over what the idle process held."""
    register = register_of(PEOPLE)
    reverse(f"{register.name}_list")  # a worker has met its addresses
    ctx = Context(User.objects.get(username="city"))
    before, begun = _megabytes("VmRSS"), perf_counter()
    source = Path(where)
    with source.open("rb") as file:
        task = importing.begin_check(ctx, register, iter(lambda: file.read(1 << 16), b""), source.name)
    tasks.run(task.pk)
    checked_in = perf_counter() - begun
    checked = importing.get_checked(ctx, register, task.pk)
    tasks.run(importing.begin_import(ctx, register, checked, importing.ALL).pk)
    done = LongTask.objects.order_by("-id").first()
    if done is None or done.error or not done.done == done.total == checked.good:
        raise SystemExit(f"the import ended with {done and (done.error, done.done, done.total)}")
    spent = perf_counter() - begun
    return {
        "check": checked_in,
        "seconds": spent,
        "megabytes": _megabytes("VmHWM") - before,
        "rows": checked.good,
    }


def forget() -> None:
    """Back to an empty register, as the tables' owner."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE person_person CASCADE")


def _megabytes(what: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(what))
    return int(line.split()[1]) / 1024
