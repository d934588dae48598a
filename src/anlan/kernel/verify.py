"""Verifies the journal: each entry against its seal, each seal against the one before, each anchor against its seal.

It may take as long as it wants beside a working node: every read is a short statement of its own, nothing is locked,
and no more than some thousand entries are in memory.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from anlan.kernel.anchors import Anchor, Anchorage, anchorage
from anlan.kernel.clock import real_now
from anlan.kernel.models import Entry, Seal, Unsealed
from anlan.kernel.seals import ENTRY_TEXT, FIRST, SIZE, digest_of, hash_of, texts_of
from anlan.kernel.terms import Digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

BATCH = 10_000  # entries read at once
REACH = (
    10 * BATCH
)  # how far beyond the last entry read a seal that is wrong itself is believed; it bounds the memory
MOST = 1000  # findings that are kept; the others are counted
RANGE = f"SELECT id, {ENTRY_TEXT} FROM kernel_entry WHERE id > %s AND id <= %s ORDER BY id LIMIT {BATCH}"  # noqa: S608 - constant text
# One statement sees one moment: what is committed but neither waits nor is in a seal has come in past the journal.
LOOSE = """
SELECT id FROM kernel_entry e
WHERE (id > %(met)s OR id = ANY(%(loose)s))
  AND NOT id = ANY(%(ahead)s)
  AND NOT EXISTS (SELECT FROM kernel_unsealed u WHERE u.entry_id = e.id)
  AND NOT EXISTS (SELECT FROM kernel_seal s WHERE s.number > %(last)s AND e.id = ANY(s.entry_ids))
ORDER BY id
"""
NOTES = f"""
SELECT n.id, n.entry_id,
       encode(sha256(n.salt || convert_to(n.text, 'UTF8')), 'hex') = e.data -> n.field ->> 'sha256'
FROM kernel_privatenote n LEFT JOIN kernel_entry e ON e.id = n.entry_id
WHERE n.id > %s ORDER BY n.id LIMIT {BATCH}
"""  # noqa: S608 - constant text


class Flaw(TextChoices):
    """What can be wrong, as a sentence about the numbers that a finding names."""

    ENTRY_CHANGED = "entry_changed", _("留痕 %(entry)s 在第 %(seal)s 号封存之后被改动。")
    ENTRY_REMOVED = "entry_removed", _("留痕 %(entry)s 已被删除，它属于第 %(seal)s 号封存。")
    ENTRY_INSERTED = (
        "entry_inserted",
        _("留痕 %(entry)s 不在任何封存中，也不在待封存之列：绕过系统插入，或所属封存被删除。"),
    )
    ENTRY_DOUBTFUL = (
        "entry_doubtful",
        _("留痕 %(entry)s 与第 %(seal)s 号封存不符，而该封存本身已被改动，无法判断留痕是否属实。"),
    )
    NOTE_CHANGED = "note_changed", _("留痕 %(entry)s 的附文被改动。")
    SEAL_CHANGED = "seal_changed", _("第 %(seal)s 号封存被改动。")
    SEALS_REMOVED = "seals_removed", _("第 %(seal)s 号至第 %(last)s 号封存已被删除。")
    CHAIN_BROKEN = (
        "chain_broken",
        _("第 %(seal)s 号封存与前一封存接不上：前一封存在其后被改动或重写。"),
    )
    ANCHOR_UNREADABLE = "anchor_unreadable", _("锚定文件第 %(anchor)s 行无法读取。")
    ANCHOR_FORGED = "anchor_forged", _("锚定文件第 %(anchor)s 行的签名无效，或没有相应的公钥。")
    ANCHOR_DIFFERS = (
        "anchor_differs",
        _("第 %(seal)s 号封存与锚定文件第 %(anchor)s 行不符：该封存或其之前的封存被重写。"),
    )
    ANCHOR_AHEAD = (
        "anchor_ahead",
        _(
            "锚定文件第 %(anchor)s 行证明曾有第 %(seal)s 号封存，而现在最后一个是第 %(last)s 号：其后的封存被删除，或恢复了更早的备份。"
        ),
    )


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, by the numbers of what it concerns.

    last     the last of several seals, or the last seal there is
    anchor   line of the anchors' file
    """

    flaw: Flaw
    entry: int | None = None
    seal: int | None = None
    last: int | None = None
    anchor: int | None = None

    def __str__(self) -> str:
        return str(self.flaw.label) % {
            "entry": self.entry,
            "seal": self.seal,
            "last": self.last,
            "anchor": self.anchor,
        }


@dataclass
class Report:
    """What a verification found.

    entries    in seals, compared
    unsealed   entries that wait for a seal, and the moment when the first of them was written
    findings   the first MOST of `found`
    """

    begun_at: datetime
    ended_at: datetime | None = None
    entries: int = 0
    seals: int = 0
    last_seal: int = 0
    last_hash: str = ""
    last_sealed_at: datetime | None = None
    unsealed: int = 0
    unsealed_since: datetime | None = None
    anchors: int = 0
    last_anchor: int = 0
    last_anchored_at: str = ""
    found: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.found

    @property
    def seconds(self) -> float:
        return ((self.ended_at or self.begun_at) - self.begun_at).total_seconds()

    def add(self, flaw: Flaw, **numbers: int) -> None:
        self.found += 1
        if len(self.findings) < MOST:
            self.findings.append(Finding(flaw, **numbers))

    def as_json(self) -> dict[str, Any]:
        """For machines, and to be kept: plain values, and each finding's sentence in the language at hand."""
        told = asdict(self)
        for name in ("begun_at", "ended_at", "last_sealed_at", "unsealed_since"):
            told[name] = told[name].isoformat() if told[name] else None
        told["findings"] = [
            {**{name: value for name, value in asdict(one).items() if value is not None}, "text": str(one)}
            for one in self.findings
        ]
        return {"ok": self.ok, "seconds": self.seconds, **told}


def run(tell: Callable[[int, int], None] | None = None, where: Anchorage | None = None) -> Report:
    """Verify all there is.

    tell    is told now and then how many entries were compared, of about how many; what it raises ends the run
    where   the anchors; None: this node's own
    """
    verification = _Verification(where or anchorage(), tell or (lambda _done, _total: None))
    verification.anchors()
    for seals in verification.batches():
        verification.take(seals)
    verification.end()
    return verification.report


@dataclass
class _Wanted:
    """Entries of some seals, to be met: number → seal and digest.

    top       up to where entries are read in order; a seal that is wrong itself may claim any number
    unsound   numbers of seals that are wrong themselves
    """

    top: int
    entries: dict[int, tuple[Seal, bytes]] = field(default_factory=dict)
    unsound: set[int] = field(default_factory=set)

    def add(self, seal: Seal, *, is_sound: bool) -> None:
        believed = seal.entry_ids
        if not is_sound:
            self.unsound.add(seal.number)
            believed = [number for number in believed if number <= self.top + REACH]
        self.top = max((self.top, *believed))
        digests = bytes(seal.digests)
        for place, number in enumerate(seal.entry_ids):
            self.entries[number] = (seal, digests[place * SIZE : (place + 1) * SIZE])


class _Verification:
    """One run: seals in order of their numbers, and beside them the entries in order of theirs.

    met     the last entry that was read in order; what lies before it and is wanted later is asked for by number
    loose   entries that were read in order and are in no seal so far
    ahead   entries that were compared before the reading in order has come to them
    """

    def __init__(self, where: Anchorage, tell: Callable[[int, int], None]) -> None:
        self.report = Report(real_now())
        self._where, self._tell = where, tell
        self._total = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        self._met, self._loose, self._ahead = 0, set[int](), set[int]()
        self._anchored: dict[int, list[tuple[int, Anchor]]] = {}

    def anchors(self) -> None:
        """Read the anchors and check their signatures; what they say of seals is compared as these come by."""
        for line, anchor in self._where.anchors():
            if anchor is None:
                self.report.add(Flaw.ANCHOR_UNREADABLE, anchor=line)
            elif not self._where.is_genuine(anchor):
                self.report.add(Flaw.ANCHOR_FORGED, anchor=line)
            else:
                self.report.anchors += 1
                self.report.last_anchor, self.report.last_anchored_at = anchor.number, anchor.at
                self._anchored.setdefault(anchor.number, []).append((line, anchor))

    def batches(self) -> Iterator[list[Seal]]:
        """The seals in order, as many at once as hold about BATCH entries; those that come meanwhile, too."""
        last, size = 0, 1
        while seals := list(Seal.objects.filter(number__gt=last).order_by("number")[:size]):
            yield seals
            last = seals[-1].number
            held = sum(len(seal.entry_ids) for seal in seals)
            size = min(max(1, len(seals) * BATCH // max(held, 1)), 2 * size)

    def take(self, seals: list[Seal]) -> None:
        """Check some seals that follow each other, and the entries they hold."""
        wanted = _Wanted(self._met)
        for seal in seals:
            # One that is sealed twice is compared with both: it may have been changed in between.
            if not wanted.entries.keys().isdisjoint(seal.entry_ids):
                self._settle(wanted)
                wanted = _Wanted(self._met)
            wanted.add(seal, is_sound=self._is_sound(seal))
        self._settle(wanted)
        self._tell(self.report.entries, max(self._total, self.report.entries))

    def _settle(self, wanted: _Wanted) -> None:
        """Compare all that is wanted: what is new in order, what came late by its number."""
        self._compare(wanted, self._in_order(wanted.top))
        if late := list(wanted.entries):
            self._loose.difference_update(late)
            self._ahead.update(number for number in late if number > self._met)
            self._compare(wanted, texts_of(late))
        for number, (seal, _digest) in wanted.entries.items():
            self._blame(Flaw.ENTRY_REMOVED, wanted, number, seal)

    def end(self) -> None:
        """What no seal has told of: entries that wait or came in past the journal, private texts, anchors left over."""
        report = self.report
        with connection.cursor() as cursor:
            known: dict[str, Any] = {"met": self._met, "loose": list(self._loose), "ahead": list(self._ahead)}
            cursor.execute(LOOSE, {**known, "last": report.last_seal})
            for (number,) in cursor.fetchall():
                report.add(Flaw.ENTRY_INSERTED, entry=number)
        for number in self._changed_notes():
            report.add(Flaw.NOTE_CHANGED, entry=number)
        for number in sorted(self._anchored):
            if number > report.last_seal:
                for line, _anchor in self._anchored[number]:
                    report.add(Flaw.ANCHOR_AHEAD, anchor=line, seal=number, last=report.last_seal)
        report.unsealed = Unsealed.objects.count()
        report.unsealed_since = unsealed_since()
        report.ended_at = real_now()

    def _is_sound(self, seal: Seal) -> bool:
        """Check a seal by itself, and against the one before and its anchors; whether its own hash is right."""
        report = self.report
        sound = _hash_or_none(seal) == bytes(seal.hash)
        if not sound:
            report.add(Flaw.SEAL_CHANGED, seal=seal.number)
        if seal.number != report.last_seal + 1:
            report.add(Flaw.SEALS_REMOVED, seal=report.last_seal + 1, last=seal.number - 1)
        elif bytes(seal.previous).hex() != (report.last_hash or FIRST.hex()):
            report.add(Flaw.CHAIN_BROKEN, seal=seal.number)
        report.seals += 1
        report.last_seal, report.last_hash = seal.number, bytes(seal.hash).hex()
        report.last_sealed_at = seal.sealed_at
        for line, anchor in self._anchored.get(seal.number, ()):
            if (anchor.hash, anchor.algorithm) != (report.last_hash, seal.algorithm):
                report.add(Flaw.ANCHOR_DIFFERS, seal=seal.number, anchor=line)
        return sound

    def _in_order(self, top: int) -> Iterator[tuple[int, str]]:
        """Entries after the last one met, up to `top`."""
        while self._met < top:
            with connection.cursor() as cursor:
                cursor.execute(RANGE, [self._met, top])
                rows = cursor.fetchall()
            yield from rows
            self._met = rows[-1][0] if len(rows) == BATCH else top

    def _compare(self, wanted: _Wanted, entries: Iterable[tuple[int, str]]) -> None:
        """Compare entries with what their seals say and strike them off what is wanted."""
        for number, text in entries:
            found = wanted.entries.pop(number, None)
            if found is None:
                self._loose.add(number)
                continue
            seal, digest = found
            self.report.entries += 1
            if _digest_or_none(seal.algorithm, text) == digest:
                continue
            self._blame(Flaw.ENTRY_CHANGED, wanted, number, seal)

    def _blame(self, flaw: Flaw, wanted: _Wanted, entry: int, seal: Seal) -> None:
        """Name an entry; a seal that is wrong itself proves nothing against it."""
        doubtful = seal.number in wanted.unsound
        self.report.add(Flaw.ENTRY_DOUBTFUL if doubtful else flaw, entry=entry, seal=seal.number)

    def _changed_notes(self) -> Iterator[int]:
        """Entries whose private text is no longer the one they keep the hash of; one that was destroyed is none."""
        last = 0
        while True:
            with connection.cursor() as cursor:
                cursor.execute(NOTES, [last])
                rows = cursor.fetchall()
            yield from (entry for _number, entry, same in rows if not same)
            if len(rows) < BATCH:
                return
            last = rows[-1][0]


def unsealed_since() -> datetime | None:
    """When the entry was written that has waited longest for its seal; None where none waits."""
    first = Unsealed.objects.order_by("entry_id").values("entry_id")[:1]
    return Entry.objects.filter(pk__in=first).values_list("recorded_at", flat=True).first()


def _digest_or_none(algorithm: str, text: str) -> bytes | None:
    """None for an algorithm that no seal of ours names: then the seal was changed."""
    return digest_of(algorithm, text) if algorithm in Digest.values else None


def _hash_or_none(seal: Seal) -> bytes | None:
    whole = len(seal.digests) == SIZE * len(seal.entry_ids)
    return hash_of(seal) if whole and seal.algorithm in Digest.values else None
