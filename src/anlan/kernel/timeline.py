"""The timeline of a record for people: what happened, who did it, what was said about it, page by page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from anlan.kernel import events, journal, subjects
from anlan.kernel.models import Obligation, PrivateNote
from anlan.kernel.scope import owns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from django.db.models import Model

    from anlan.kernel.context import Context
    from anlan.kernel.models import Entry
    from anlan.kernel.subjects import Key, Shown

PAGE, BRIEF = 50, 8  # entries on a page of their own, and on the record's own page
OBLIGATION = Obligation._meta.label_lower


@dataclass(frozen=True)
class Line:
    """One entry as a reader of the record meets it.

    about  the obligations it tells of, by name; empty where it tells of the record itself
    said   what a person wrote, as far as it is not destroyed
    """

    entry: Entry
    label: str
    who: str
    about: tuple[Shown, ...] = ()
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """A page of a record's timeline, newest first.

    older    number of the entry to go on before, None on the last page
    url      the page with all of it; blank for a kind of record that no room shows
    listens  the subjects whose changes concern it; blank where it doesn't change any more
    is_part  the record is only shared with the reader: what its unit keeps to itself is left out
    """

    lines: tuple[Line, ...]
    older: int | None
    url: str
    listens: str
    is_brief: bool
    is_part: bool

    @property
    def days(self) -> list[tuple[date, list[Line]]]:
        """The lines by the day on which it happened."""
        by_day: defaultdict[date, list[Line]] = defaultdict(list)
        for line in self.lines:
            by_day[localtime(line.entry.at).date()].append(line)
        return list(by_day.items())


def of(
    ctx: Context,
    record: Model,
    capability: str,
    *,
    before: int | None = None,
    size: int = BRIEF,
    event: str = "",
) -> Timeline:
    """What happened to a record and to what is owed about it, as far as it is the reader's (journal.list_timeline).

    before  number of an entry: only older ones
    event   only entries of this one; blank: of all
    """
    found = journal.list_timeline(ctx, record, capability)
    if event:
        found = found.filter(event=event)
    if before is not None:
        found = found.filter(pk__lt=before)
    entries = list(found[: size + 1])
    shown, more = entries[:size], len(entries) > size
    kind, key = record._meta.label_lower, str(record.pk)
    owed = _owed(ctx, shown, record, capability)
    is_part = not owns(ctx, capability, record)
    listens = " ".join((f"{kind}:{key}", *(f"{OBLIGATION}:{number}" for number in owed)))
    return Timeline(
        _lines(ctx, shown, owed, silent_of=kind if is_part else ""),
        shown[-1].pk if more else None,
        reverse("journal_of", args=(kind, key)) if kind in subjects.kinds() else "",
        listens if before is None and not event else "",
        size <= BRIEF,
        is_part,
    )


def address_of(entry_id: int, kind: str, key: str) -> str:
    """Where one entry about a record is read, among what came before it."""
    return f"{reverse('journal_of', args=(kind, key))}?before={entry_id + 1}#entry-{entry_id}"


def address_of_all(event: str, kind: str, key: str) -> str:
    """Where all entries of one event about a record are read."""
    return f"{reverse('journal_of', args=(kind, key))}?event={event}"


def overtaken(ctx: Context, record: Model, capability: str) -> str:
    """The sentence for who comes too late: his form comes back with it, so it says what happened meanwhile."""
    entry = journal.list_timeline(ctx, record, capability).first()
    said = _("没有办理：该记录刚刚有了变更。")
    if entry is not None:
        said += _("最近一次是%(who)s于 %(at)s“%(what)s”。") % {
            "who": who(entry),
            "at": date_format(localtime(entry.at), "DATETIME_FORMAT"),
            "what": events.label_of(entry.event),
        }
    return said + _("您填写的还在，请核对现在的情况再办。")


def _lines(
    ctx: Context, entries: Sequence[Entry], owed: dict[str, str], *, silent_of: str
) -> tuple[Line, ...]:
    """silent_of: the kind of record of whose entries the words are left out"""
    titles = subjects.describe(ctx, ((OBLIGATION, number) for number in owed))
    said = notes_of(entries)
    return tuple(
        Line(
            entry,
            events.label_of(entry.event),
            who(entry),
            _about(entry, owed, titles),
            tuple(note.text for note in said[entry.pk] if entry.subject_kind != silent_of),
        )
        for entry in entries
    )


def who(entry: Entry) -> str:
    """Who acted, by name; the node itself where no person did."""
    if entry.actor_id is None:
        return _("系统")
    if entry.actor is None:
        return _("已注销的用户（编号 %(number)s）") % {"number": entry.actor_id}
    return str(entry.actor)


def notes_of(entries: Iterable[Entry]) -> defaultdict[int, list[PrivateNote]]:
    """The private texts of these entries, as far as they are not destroyed."""
    found: defaultdict[int, list[PrivateNote]] = defaultdict(list)
    for note in PrivateNote.objects.filter(entry__in=[entry.pk for entry in entries]).order_by("id"):
        found[note.entry_id].append(note)
    return found


def keys_of(entry: Entry) -> list[str]:
    """The records that an entry is about: one, or those of a bulk act."""
    return [entry.subject] if entry.subject else [str(key) for key in entry.data.get("subjects", ())]


def _owed(ctx: Context, entries: Sequence[Entry], record: Model, capability: str) -> dict[str, str]:
    """Of the obligations in these entries, those about this record: by number, what the rule calls them."""
    numbers = {number for entry in entries if entry.subject_kind == OBLIGATION for number in keys_of(entry)}
    if not numbers:
        return {}
    rows = journal.list_owed(ctx, record, capability).filter(pk__in=numbers)
    return {str(number): name for number, name in rows.values_list("pk", "rule__name")}


def _about(entry: Entry, owed: dict[str, str], titles: dict[Key, Shown]) -> tuple[Shown, ...]:
    if entry.subject_kind != OBLIGATION:
        return ()
    mine = [number for number in keys_of(entry) if number in owed]
    return tuple(subjects.Shown(owed[number], titles[OBLIGATION, number].url) for number in mine)
