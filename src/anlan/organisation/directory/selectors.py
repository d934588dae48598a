"""Who can be reached how.

Office-holders and the lines of units are readable over the whole node for whoever may read the directory; people without
a post only within his scope. A private number is masked everywhere (it stands so in the database's own column).
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection, transaction

from anlan.kernel.reach import EXTENDED, TELEPHONES
from anlan.kernel.scope import require
from anlan.kernel.search import question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from anlan.kernel.context import Context

READ = "organisation.directory.read"
MOST_PEOPLE, MOST_UNITS, MOST_SHEET, MOST_PUBLIC = 40, 20, 500, 200
FEWEST_DIGITS = 4
TERMS = 4  # words of a question
FEW = 500  # posts up to which their holders are found by post
SMALL = 500  # units of a place up to which its people are found by unit
LATIN = re.compile(r"[0-9a-z]", re.IGNORECASE)
DIGITS = re.compile(r"[\d\s()+\-—]+")


@dataclass(frozen=True)
class Line:
    """One contact point as every reader may see it.

    tel     for a link that calls; blank for what cannot be called or is masked
    copied  what the copy button takes; blank where it is masked
    """

    kind: str
    shown: str
    name: str
    private: bool
    public: bool

    @property
    def tel(self) -> str:
        if self.private or self.kind not in TELEPHONES:
            return ""
        number, _, extension = self.shown.partition(EXTENDED)
        plain = re.sub(r"[^\d+]", "", number)
        return f"{plain},{extension}" if extension else plain

    @property
    def copied(self) -> str:
        return "" if self.private else self.shown


@dataclass
class Listed:
    """One person."""

    id: UUID
    name: str
    title: str
    unit_id: int
    posts: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


@dataclass
class Group:
    """A unit with its own lines and those of its people that were found."""

    unit_id: int
    name: str
    path: str
    above: str
    lines: list[Line] = field(default_factory=list)
    people: list[Listed] = field(default_factory=list)


class _Place(NamedTuple):
    """Units by their ids where they are few, else by their paths; None: anywhere."""

    ids: list[int] | None
    paths: list[str]


UNITS = """
SELECT asked.number, hit.id, hit.path FROM unnest(%s::text[]) WITH ORDINALITY AS asked (words, number)
CROSS JOIN LATERAL (
  SELECT id, path FROM (
    SELECT id, path FROM kernel_unit WHERE search @@ asked.words::tsquery AND retired_at IS NULL LIMIT 2000) AS first
  ORDER BY length(path), path LIMIT %s) AS hit
"""
BELOW = """
SELECT DISTINCT u.id FROM unnest(%s::text[]) AS top (path)
JOIN kernel_unit u ON u.path >= top.path AND u.path < top.path || '~' LIMIT %s
"""
CURRENT = "g.from_at <= %(now)s AND (g.until_at IS NULL OR g.until_at > %(now)s)"
IN_USE = "p.retired_at IS NULL AND (p.exercise_id IS NULL OR p.exercise_id = %(exercise)s)"
POSTED = f"""
  FROM post_post o JOIN post_posting g ON g.post_id = o.id AND {CURRENT}
  JOIN person_person p ON p.id = g.person_id AND {IN_USE}
  JOIN kernel_unit u ON u.id = o.unit_id
  WHERE o.retired_at IS NULL"""
OFFICE_HOLDER = f"EXISTS (SELECT FROM post_posting g WHERE g.person_id = p.id AND {CURRENT})"
MAY_MEET = f"(u.path LIKE ANY (%(scope)s) OR {OFFICE_HOLDER})"
PEOPLE = f"""
FROM person_person p JOIN kernel_unit u ON u.id = p.unit_id WHERE {IN_USE} AND {MAY_MEET}"""
DETAILS = f"""
SELECT p.id, p.name, p.title, u.id, u.name, u.path, coalesce(above.name, ''),
  ARRAY (SELECT CASE WHEN o.unit_id = p.unit_id THEN '' ELSE ou.name || ' ' END || o.name
    FROM post_posting g JOIN post_post o ON o.id = g.post_id JOIN kernel_unit ou ON ou.id = o.unit_id
    WHERE g.person_id = p.id AND NOT g.stand_in AND o.retired_at IS NULL AND {CURRENT} ORDER BY o.kind, o.name)
FROM person_person p JOIN kernel_unit u ON u.id = p.unit_id LEFT JOIN kernel_unit above ON above.id = u.parent_id
WHERE p.id = ANY (%(people)s) ORDER BY u.path, p.name, p.id
"""  # noqa: S608 - of our own parts
LINES = """
SELECT person_id, unit_id, kind, shown, name, private, public FROM contact_contactpoint
WHERE retired_at IS NULL AND (exercise_id IS NULL OR exercise_id = %(exercise)s)
  AND (person_id = ANY (%(people)s) OR (person_id IS NULL AND unit_id = ANY (%(units)s)))
ORDER BY public DESC, rank, id
"""
NUMBERS = """
SELECT c.person_id, c.unit_id FROM contact_contactpoint c JOIN kernel_unit u ON u.id = c.unit_id
LEFT JOIN person_person p ON p.id = c.person_id
WHERE reverse(regexp_replace(c.value, '\\D', '', 'g')) LIKE %(ending)s AND c.retired_at IS NULL AND p.retired_at IS NULL
  AND (c.exercise_id IS NULL OR c.exercise_id = %(exercise)s) AND u.path LIKE ANY (%(scope)s) LIMIT %(most)s
"""
PUBLIC = """
SELECT u.id, u.name, u.path, coalesce(above.name, ''), c.kind, c.shown, c.name
FROM contact_contactpoint c JOIN kernel_unit u ON u.id = c.unit_id LEFT JOIN kernel_unit above ON above.id = u.parent_id
WHERE c.public AND c.retired_at IS NULL AND c.exercise_id IS NULL AND u.retired_at IS NULL
  AND (%(words)s = '' OR u.search @@ nullif(%(words)s, '')::tsquery)
ORDER BY u.path, c.rank, c.id LIMIT %(most)s
"""


def list_groups(ctx: Context, words: str) -> list[Group]:
    """Who and what the words find, by unit: a name, a post, a unit, or several of these ("河西镇 网格员")."""
    require(ctx, READ)
    terms = [asked for word in words.split()[:TERMS] if _says_enough(word) and (asked := question(word))]
    if not terms:
        return []
    units = _units(terms)
    people, shown_units = _found(ctx, terms, units)
    return _groups(ctx, people, shown_units)


def list_by_number(ctx: Context, digits: str) -> list[Group]:
    """Whose number ends with these digits, within scope. Only `services.search_number` calls it: that writes it down."""
    require(ctx, READ)
    told = {"ending": f"{digits[::-1]}%", **_told(ctx), "most": MOST_PEOPLE}
    rows = _rows(NUMBERS, told)
    people = [person for person, _ in rows if person]
    return _groups(ctx, people, [unit for person, unit in rows if not person])


def list_sheet(ctx: Context, unit_id: int) -> list[Group]:
    """The contact sheet of a unit and all below it: their lines, and who holds their posts."""
    require(ctx, READ)
    (path,) = _rows("SELECT path FROM kernel_unit WHERE id = %(unit)s", {"unit": unit_id}) or [("",)]
    if not path or not path[0]:
        return []
    told = {**_told(ctx), "below": f"{path[0]}%", "most": MOST_SHEET}
    found = _rows(f"SELECT DISTINCT p.id {POSTED} AND u.path LIKE %(below)s LIMIT %(most)s", told)
    lined = _rows(
        "SELECT DISTINCT c.unit_id FROM contact_contactpoint c JOIN kernel_unit u ON u.id = c.unit_id"
        " WHERE c.person_id IS NULL AND c.retired_at IS NULL AND u.path LIKE %(below)s"
        " AND (c.exercise_id IS NULL OR c.exercise_id = %(exercise)s) LIMIT %(most)s",
        told,
    )
    return _groups(ctx, [row[0] for row in found], [row[0] for row in lined])


def list_public(words: str = "") -> list[Group]:
    """The lines that units show to the public, real ones only; nobody need log in for these."""
    asked = question(words)
    groups: dict[int, Group] = {}
    for unit, name, path, above, kind, shown, said in _rows(PUBLIC, {"words": asked, "most": MOST_PUBLIC}):
        group = groups.setdefault(unit, Group(unit, name, path, above))
        group.lines.append(Line(kind, shown, said, private=False, public=True))
    return list(groups.values())


def find_digits(words: str) -> str:
    """The digits of what was typed, where it is the end of a number; blank where it is not."""
    digits = re.sub(r"\D", "", words)
    return digits if DIGITS.fullmatch(words) and len(digits) >= FEWEST_DIGITS else ""


def _says_enough(word: str) -> bool:
    """One letter would find every second person."""
    return len(word) > 1 or not LATIN.fullmatch(word)


def _units(terms: Sequence[str]) -> list[list[tuple[int, str]]]:
    """The units that each term finds, the highest first."""
    found: list[list[tuple[int, str]]] = [[] for _ in terms]
    for number, unit, path in _rows(UNITS, [list(terms), MOST_UNITS]):
        found[number - 1].append((unit, path))
    return found


def _found(
    ctx: Context, terms: Sequence[str], units: Sequence[list[tuple[int, str]]]
) -> tuple[list[UUID], list[int]]:
    """Ids of people and of units. Of several terms those that name units say where, the others whom."""
    if len(terms) == 1:
        ids = [unit for unit, _ in units[0]]
        return _people(ctx, terms[0], _Place(None, [])) + _of_units(ctx, ids), ids
    whom = [term for term, hits in zip(terms, units, strict=True) if not hits]
    where = [hits for hits in units if hits]
    if not whom:  # units within units
        whom, last = [], where.pop()
        ids = [unit for unit, path in last if all(_is_below(path, hits) for hits in where)]
        return _of_units(ctx, ids), ids
    for hits in where[1:]:
        where[0] = [(unit, path) for unit, path in hits if _is_below(path, where[0])]
    return _people(ctx, " & ".join(whom), _place(where[0]) if where else _Place(None, [])), []


def _is_below(path: str, hits: Sequence[tuple[int, str]]) -> bool:
    return any(path.startswith(above) for _, above in hits)


def _place(hits: Sequence[tuple[int, str]]) -> _Place:
    paths = [path for _, path in hits]
    ids = [row[0] for row in _rows(BELOW, [paths, SMALL + 1])]
    return _Place(ids if len(ids) <= SMALL else None, paths)


def _people(ctx: Context, asked: str, place: _Place) -> list[UUID]:
    """People whose own words or whose posts' words are asked for, in that place."""
    told = {**_told(ctx), "asked": asked, "most": MOST_PEOPLE, "ids": place.ids}
    told["paths"] = [f"{path}%" for path in place.paths]
    by_person = by_post = ""
    if place.ids is not None:
        by_person, by_post = " AND p.unit_id = ANY (%(ids)s)", " AND o.unit_id = ANY (%(ids)s)"
    elif place.paths:
        by_person = by_post = " AND u.path LIKE ANY (%(paths)s)"
    named = _rows(f"SELECT p.id {PEOPLE} AND p.search @@ %(asked)s::tsquery{by_person} LIMIT %(most)s", told)
    few = _few_posts(asked)
    if few is None:
        by_words = f"o.search @@ %(asked)s::tsquery{by_post}"
    else:
        told["posts"], by_words = few, f"o.id = ANY (%(posts)s){by_post}"
    posted = _rows(
        f"SELECT DISTINCT id FROM (SELECT p.id {POSTED} AND {by_words} LIMIT %(most)s) AS first",  # noqa: S608 - of our own parts
        told,
    )
    return [row[0] for row in (*named, *posted)]


def _few_posts(asked: str) -> list[UUID] | None:
    """The posts that the words find; None where they are many.

    The planner cannot know how rare the beginning of a word is and would read all posts to find none: only the index of
    words is left to it here.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        cursor.execute(
            "SELECT id FROM post_post WHERE search @@ %s::tsquery AND retired_at IS NULL LIMIT %s",
            [asked, FEW + 1],
        )
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = on")
    return found if len(found) <= FEW else None


def _of_units(ctx: Context, ids: Sequence[int]) -> list[UUID]:
    """The people of just these units, office-holders first."""
    if not ids:
        return []
    told = {**_told(ctx), "ids": list(ids), "most": MOST_PEOPLE}
    holders = _rows(f"SELECT DISTINCT p.id {POSTED} AND o.unit_id = ANY (%(ids)s) LIMIT %(most)s", told)
    others = _rows(f"SELECT p.id {PEOPLE} AND p.unit_id = ANY (%(ids)s) LIMIT %(most)s", told)
    return [row[0] for row in (*holders, *others)]


def _groups(ctx: Context, people: Sequence[UUID], units: Sequence[int]) -> list[Group]:
    """People and units with all that is shown of them, by unit in the order of the tree."""
    told = {**_told(ctx), "people": list(dict.fromkeys(people))}
    groups: dict[int, Group] = {}
    for person, name, title, unit, unit_name, path, above, posts in _rows(DETAILS, told):
        group = groups.setdefault(unit, Group(unit, unit_name, path, above))
        group.people.append(Listed(person, name, title, unit, list(posts)))
    if bare := [unit for unit in dict.fromkeys(units) if unit not in groups]:
        for unit, name, path, above in _rows(
            "SELECT u.id, u.name, u.path, coalesce(above.name, '') FROM kernel_unit u"
            " LEFT JOIN kernel_unit above ON above.id = u.parent_id WHERE u.id = ANY (%(units)s)",
            {"units": bare},
        ):
            groups[unit] = Group(unit, name, path, above)
    _add_lines(told, groups)
    return sorted(groups.values(), key=lambda group: group.path)


def _add_lines(told: dict[str, Any], groups: dict[int, Group]) -> None:
    of_people: defaultdict[Any, list[Line]] = defaultdict(list)
    of_units: defaultdict[int, list[Line]] = defaultdict(list)
    for person, unit, *line in _rows(LINES, told | {"units": list(groups)}):
        (of_people[person] if person else of_units[unit]).append(Line(*line))
    for group in groups.values():
        group.lines = of_units[group.unit_id]
        for person in group.people:
            person.lines = of_people[person.id]


def _told(ctx: Context) -> dict[str, Any]:
    """What each question needs: when, in which exercise, and within which subtrees the reader meets everybody."""
    scope = [f"{root}%" for root in ctx.roots(READ)]
    return {"now": ctx.now(), "exercise": ctx.exercise.pk if ctx.exercise else None, "scope": scope}


def _rows(sql: str, told: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        return list(cursor.fetchall())
