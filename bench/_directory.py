"""What `directory` runs inside the product: a million people are copied in, and pages are asked for."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from functools import cache
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.test import Client

from anlan.kernel.clock import real_now
from anlan.kernel.ids import uuid7
from anlan.kernel.models import Grant, Role, Unit, User
from anlan.kernel.search import document
from anlan.kernel.seeds import load_roles
from anlan.organisation.directory import services

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉建国华红玉春梅海燕立志宏晓东亮"
PLACES = "安平清河永乐长兴东林西山南湖北坡白沙青石金沟玉泉红旗新桥大营小庄上湾下坝双井三河"
DISTRICTS, TOWNS, VILLAGES, FORCES = (
    20,
    20,
    10,
    50,
)  # in a city, a district, a town; grid members of a village
KINDS_EACH = 20  # questions of each kind in a run
TABLES = ("person_person", "contact_contactpoint", "post_post", "post_posting", "kernel_unit")


@cache
def _document(name: str) -> str:
    return document(name)


def fill(people: str) -> int:
    """City, districts, towns, villages; people, numbers, posts and postings by COPY. Indexes of words are made afterwards."""
    draw = random.Random(7)  # noqa: S311 - no secret
    load_roles()
    units = list(_units(draw))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '%%USING gin (search)%%' AND tablename = ANY (%s)",
            [list(TABLES)],
        )
        later = cursor.fetchall()
        for name, _ in later:
            cursor.execute(f'DROP INDEX "{name}"')
        _copy("kernel_unit", "id, parent_id, path, name, kind, version, search", units)
        _copy_people(draw, [unit for unit in units if unit[4] == "village"], int(people))
        for _, made in later:
            cursor.execute(made)
        cursor.execute(f"VACUUM ANALYZE {', '.join(TABLES)}")
    for number, scope in enumerate((units[0], units[1])):
        user = User.objects.create_user(f"bench{number}", None, display_name="bench")
        role = Role.objects.get(code="duty_officer")
        Grant.objects.create(user=user, role=role, scope_root=Unit.unscoped.get(pk=scope[0]))
    return len(units)


def _units(draw: random.Random) -> Iterator[tuple[Any, ...]]:
    number = 1_000_000

    def unit(parent: int | None, path: str, kind: str, suffix: str) -> tuple[Any, ...]:
        nonlocal number
        number += 1
        name = f"{draw.choice(PLACES)}{draw.choice(PLACES)}{suffix}"
        return number, parent, f"{path}{number}.", name, kind, 1, _document(name)

    yield (city := unit(None, "", "city", "市"))
    for _ in range(DISTRICTS):
        yield (district := unit(city[0], city[2], "district", "区"))
        for _ in range(TOWNS):
            yield (town := unit(district[0], district[2], "township", "镇"))
            for _ in range(VILLAGES):
                yield unit(town[0], town[2], "village", "村")


def _copy_people(draw: random.Random, villages: Sequence[tuple[Any, ...]], count: int) -> None:
    ids = [uuid7() for _ in range(count)]
    unit_of = [villages[number % len(villages)][0] for number in range(count)]
    names = [
        draw.choice(SURNAMES) + "".join(draw.choices(GIVEN, k=draw.choice((1, 2, 2)))) for _ in range(count)
    ]
    rows = (
        (*one, "", False, "", "", 1) for one in zip(ids, unit_of, names, map(_document, names), strict=True)
    )
    _copy("person_person", "id, unit_id, name, search, title, party_member, identity, note, version", rows)
    numbers = (
        (
            uuid7(),
            unit,
            person,
            "mobile",
            f"100{draw.randrange(10**8):08}",
            "",
            draw.random() < 0.5,
            False,
            1,
            "",
            "",
            1,
        )
        for person, unit in zip(ids, unit_of, strict=True)
    )
    columns = (
        "id, unit_id, person_id, kind, value, name, private, public, rank, verified_how, search, version"
    )
    _copy("contact_contactpoint", columns, numbers)
    posts = [(uuid7(), village[0]) for village in villages for _ in range(FORCES)]
    said = document("网格员")
    grid = (
        (post, unit, "grid_member", f"网格员{number}", "", 1, True, said, 1)
        for number, (post, unit) in enumerate(posts)
    )
    _copy("post_post", "id, unit_id, kind, name, field, seats, required, search, version", grid)
    begun, held = real_now(), zip(posts, ids, strict=False)
    postings = ((uuid7(), unit, post, person, False, 1, False, begun, 1) for (post, unit), person in held)
    _copy(
        "post_posting", "id, unit_id, post_id, person_id, stand_in, rank, acting, from_at, version", postings
    )


def _copy(table: str, columns: str, rows: Any) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def ask(runs: str) -> dict[str, Any]:
    """The 95th percentile of each run, and of each kind over all of them."""
    services.MOST_SEARCHES = 10**6  # one person asks more in these minutes than he may
    draw = random.Random(11)  # noqa: S311 - no secret
    towns = list(Unit.unscoped.filter(kind="township").values_list("name", flat=True)[:200])
    clients = [_client(f"bench{number}") for number in range(2)]
    p95, by_kind, pages = [], defaultdict(list), 0
    for number in range(int(runs) + 1):
        taken: list[float] = []
        for kind, words in _questions(draw, towns):
            begun = time.perf_counter()
            page = clients[len(taken) % 2].get("/directory/", {"q": words})
            seconds = time.perf_counter() - begun
            if page.status_code != 200:
                raise SystemExit(f"{words}: {page.status_code}")
            taken.append(seconds)
            if number:  # the first run warms up
                by_kind[kind].append(seconds)
        if number:
            p95.append(_p95(taken))
            pages = len(taken)
    return {"p95": p95, "pages": pages, "by_kind": {kind: _p95(taken) for kind, taken in by_kind.items()}}


def _questions(draw: random.Random, towns: Sequence[str]) -> list[tuple[str, str]]:
    def name() -> str:
        return draw.choice(SURNAMES) + "".join(draw.choices(GIVEN, k=2))

    found = []
    for _ in range(KINDS_EACH):
        town = draw.choice(towns)
        found += [
            ("full name", name()),
            ("given name", "".join(draw.choices(GIVEN, k=2))),
            ("surname", draw.choice(SURNAMES)),
            ("initials", draw.choice(("wjg", "lxm", "zw", "lf", "cgh"))),
            ("pinyin", draw.choice(("wangwei", "lifang", "zhangmin", "liuqiang"))),
            ("post", "网格员"),
            ("town", town),
            ("town and post", f"{town} 网格员"),
            ("town and surname", f"{town} {draw.choice(SURNAMES)}"),
            ("last 4 digits", f"{draw.randrange(10**4):04}"),
            ("last 8 digits", f"{draw.randrange(10**8):08}"),
        ]
    draw.shuffle(found)
    return found


def _p95(taken: Sequence[float]) -> float:
    return quantiles(taken, n=20)[-1]


def _client(username: str) -> Client:
    client = Client(headers={"host": "localhost"})
    client.defaults |= {"wsgi.url_scheme": "https", "HTTP_X_FORWARDED_FOR": "127.0.0.9"}
    client.force_login(User.objects.get(username=username))
    return client
