"""Import of a table into a register: first it is checked and nothing is written, then what was checked is applied.

Both are long tasks. The check leaves a file of the rows as it read them, the good ones first, which is what is applied:
so that nothing else can be applied than what somebody has seen the outcome of. Rows are judged anew by then.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.kernel import files, tasks
from anlan.kernel.act import act
from anlan.kernel.errors import DomainError, NotFound
from anlan.kernel.models import StoredFile
from anlan.kernel.register.declaration import register_of
from anlan.kernel.register.judging import UNHEADED, Judge
from anlan.kernel.register.reading import MEGABYTE, MOST_BYTES, Row, Unreadable, read_table
from anlan.kernel.register.writing import Writer
from anlan.kernel.storage import incoming, store
from anlan.kernel.terms import TaskState
from anlan.kernel.words import in_each_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.kernel.models import LongTask
    from anlan.kernel.register.declaration import Register
    from anlan.kernel.tasks import Progress

CHECK, APPLY = "kernel.register.check", "kernel.register.import"
BATCH = 1_000
PAGE = 50  # wrong rows on a page
MOST_TOLD = 20  # rows that were skipped while it was applied, by name
ALL, GOOD = "all", "good"
PIECE = 1 << 20
PAUSE = 0.5  # seconds between two questions whether another import is through
SPACES = re.compile(r"\s+")
# A star, or the words for "required" and "optional" in brackets.
MARKS = re.compile(
    "^[*\uff0a]+|[*\uff0a]+$|[(\uff08](?:\u5fc5\u586b|\u9009\u586b|\u53ef\u4e0d\u586b|required|optional)[)\uff09]$"
)
# Letters, digits and hyphens as a Chinese keyboard writes them.
HALF_WIDTH = {0xFF0D: "-"} | {
    wide: chr(wide - 0xFEE0)
    for first, last in ((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))
    for wide in range(first, last + 1)
}


# --- what a person does ---------------------------------------------------------------------------------------------


def begin_check(ctx: Context, register: Register, upload: Iterable[bytes], name: str) -> LongTask:
    """Have a table checked. raises DomainError for one that is empty or too large"""
    with tempfile.TemporaryDirectory(dir=incoming()) as folder:
        source = Path(folder) / "upload"
        _spool(upload, source, name)

        def work(ctx: Context) -> LongTask:
            stored = files.keep(source, "application/octet-stream")
            arguments = {"register": register.prefix, "called": name[-120:], "file": stored.pk}
            task = tasks.start(ctx, CHECK, arguments, file=stored)
            task.arguments["url"] = reverse(f"{register.name}_import_check", args=[task.pk])
            task.save(update_fields=("arguments",))
            return task

        return act(register.capability("edit"))(work)(ctx)


def _spool(upload: Iterable[bytes], target: Path, name: str) -> None:
    size = 0
    with target.open("xb") as file:
        for piece in upload:
            size += len(piece)
            if size > MOST_BYTES:
                raise DomainError("import_too_large", name=name, megabytes=MOST_BYTES // MEGABYTE)
            file.write(piece)
    if not size:
        raise DomainError("import_empty", name=name)


def begin_import(ctx: Context, register: Register, check: Checked, mode: str) -> LongTask:
    """Have what was checked applied; asked twice, it is the same task.

    mode    ALL: all rows or none; GOOD: those that are right
    raises  DomainError where it is too late, or where there is nothing that may be applied
    """
    if check.task.file_id is None:
        raise DomainError("import_gone")
    if check.problems or mode not in {ALL, GOOD} or not check.good or (mode == ALL and check.wrong):
        raise DomainError("import_nothing")

    def work(ctx: Context) -> LongTask:
        arguments = {"register": register.prefix, "check": str(check.task.pk), "mode": mode}
        if begun := tasks.find_twin(ctx, APPLY, arguments, behind=check.task):
            return begun
        return tasks.start(ctx, APPLY, arguments, file=check.task.file)

    return act(register.capability("edit"))(work)(ctx)


@dataclass
class Checked:
    """A check of one's own that has ended, and what it found."""

    task: LongTask
    names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.found: dict[str, Any] = self.task.result
        self.names = self.found.get("names", [])

    @property
    def problems(self) -> list[str]:
        """Why the file as a whole could not be read; then there is nothing else."""
        return list(self.found.get("problems", ()))

    @property
    def good(self) -> int:
        return int(self.found["new"] + self.found["changed"] + self.found["unchanged"])

    @property
    def wrong(self) -> int:
        return int(self.found["wrong"])

    @property
    def is_settled(self) -> bool:
        """Whether all is right and stands there already: there is nothing to be done."""
        return not (self.wrong or self.found["new"] or self.found["changed"])

    @property
    def pages(self) -> int:
        return len(self.found.get("pages", ()))

    def wrong_rows(self, page: int) -> list[Row]:
        """One page of those, from 1."""
        starts = [*self.found["pages"], None]
        return list(self._rows(starts[page - 1], starts[page]))

    def all_wrong_rows(self, most: int) -> Iterator[Row]:
        return islice(self._rows(self.found["split"], None), most)

    def good_rows(self) -> Iterator[Row]:
        return self._rows(0, self.found["split"])

    def _rows(self, start: int, stop: int | None) -> Iterator[Row]:
        kept = self.task.file
        if kept is None:
            raise DomainError("import_gone")
        end = kept.size if stop is None else stop
        left = b""
        for piece in store().read(kept.pk, start, end):
            *whole, left = (left + piece).split(b"\n")
            yield from map(_row, whole)


def get_checked(ctx: Context, register: Register, task_id: UUID) -> Checked:
    """raises NotFound for what is not one's own, no check of this register, or has not ended well"""
    task = tasks.get_own(ctx, task_id)
    if (
        task.kind != CHECK
        or task.state != TaskState.DONE
        or task.arguments.get("register") != register.prefix
        or task.exercise_id != (ctx.exercise.pk if ctx.exercise else None)
    ):
        raise NotFound
    return Checked(task)


# --- headings -------------------------------------------------------------------------------------------------------


def headings_of(register: Register) -> dict[str, str]:
    """The fields that can be imported with what heads their columns, in the reader's language."""
    return {name: label_of(register, name) for name in register.fields}


def label_of(register: Register, name: str) -> str:
    return str(register.model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # a plain field


def heading_of_reasons() -> str:
    """Heads the column of the wrong rows' download that tells why; it may come back."""
    return _("错误原因")


def _exported(register: Register) -> dict[str, str]:
    """What heads the columns of an export: it may come back, and what is no field of the form is left alone."""
    return {
        str(column.label): column.path if column.path in register.fields else ""
        for column in register.resolved
    }


def match_headings(register: Register, cells: list[str]) -> list[str]:
    """The field of each column, UNHEADED for one without a heading, blank for one that is left alone. raises Unreadable"""
    known = {_bare(name): name for name in register.fields}
    for labels in in_each_language(lambda: headings_of(register)):
        known |= {_bare(label): name for name, label in labels.items()}
    known |= {_bare(reason): "" for reason in in_each_language(heading_of_reasons)}
    for labels in in_each_language(lambda: _exported(register)):
        known = {_bare(label): name for label, name in labels.items()} | known
    said = headings_of(register)
    names, problems = [], []
    if not any(_bare(cell) in known for cell in cells):
        raise Unreadable(_no_headings(said))
    for cell in cells:
        text = " ".join(cell.split())
        name = known.get(_bare(text)) if text else None
        if name is None and text:
            problems.append(_unknown(text, said))
        elif name and name in names:
            problems.append(_("有两列都是“%(heading)s”。请只留一列。") % {"heading": text[:40]})
        names.append(name or ("" if name is not None else UNHEADED))
    if not problems and register.key not in names:
        problems.append(
            _("缺少“%(heading)s”一列。导入按它识别已有的记录。") % {"heading": said[register.key]}
        )
    if problems:
        raise Unreadable(*problems)
    return names


def _bare(heading: str) -> str:
    """What matters of a heading: people space it out (姓　名), and mark what must be filled in."""
    return MARKS.sub("", SPACES.sub("", heading)).casefold()


def _no_headings(said: dict[str, str]) -> str:
    """The first line holds none that is known: a title, perhaps, or the rows themselves."""
    wanted = _("、").join(said.values())
    return _("第一行应是列的标题：%(all)s。请删去标题上面的行，或按模板填写。") % {"all": wanted}


def _unknown(text: str, said: dict[str, str]) -> str:
    """Nearest in spelling; words of two characters have little to go by."""
    near = difflib.get_close_matches(text, said.values(), n=1, cutoff=0.4)
    words = {"heading": text[:40], "near": near[0] if near else "", "all": _("、").join(said.values())}
    if near:
        return _("不认识的列“%(heading)s”，最接近的是“%(near)s”。") % words
    return _("不认识的列“%(heading)s”。可以有的列：%(all)s。") % words


# --- what the worker does -------------------------------------------------------------------------------------------


def check(ctx: Context, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The long task that checks a table."""
    register = register_of(arguments["register"])
    upload = StoredFile.objects.get(pk=arguments["file"])
    with tempfile.TemporaryDirectory(dir=incoming()) as name:
        folder = Path(name)
        source = folder / "source"
        _fetch(upload, source)
        found: dict[str, Any] = {
            "called": arguments["called"],
            "upload": upload.pk,
            "url": arguments["url"],
        }
        try:
            found |= _check(ctx, register, source, progress)
        except Unreadable as why:
            found |= {"problems": [str(one) for one in why.args]}
        else:
            found["stored"] = files.keep(folder / "checked", "application/x-ndjson").pk
    return found


def _check(ctx: Context, register: Register, source: Path, progress: Progress) -> dict[str, Any]:
    folder = source.parent
    names, lines, first, twice = _spread(register, source, folder / "rows", progress)
    progress.total(2 * progress.done)
    judge = Judge(ctx, register, names, first=first, twice=twice)
    counts = {"new": 0, "changed": 0, "unchanged": 0, "wrong": 0}
    pages: list[int] = []
    with (folder / "checked").open("wb") as good, (folder / "wrong").open("wb+") as wrong:
        for rows in _batches(_reread(folder / "rows")):
            for one in judge.judge(rows):
                counts[one.outcome] += 1
                if one.outcome == "wrong" and counts["wrong"] % PAGE == 1:
                    pages.append(wrong.tell())
                (wrong if one.outcome == "wrong" else good).write(_line(one.row))
            progress.step(len(rows))
        split = good.tell()
        wrong.seek(0)
        while piece := wrong.read(PIECE):
            good.write(piece)
    return {"rows": lines, **counts, "names": names, "split": split, "pages": [split + at for at in pages]}


def _spread(
    register: Register, source: Path, target: Path, progress: Progress
) -> tuple[list[str], int, dict[str, int], dict[str, list[int]]]:
    """Read the table once into a file that can be read again cheaply.

    returns  the columns' fields, how many rows, the line of each key, and the keys that stand in several, with these
    """
    table = read_table(source)
    head = next(table, None)
    if head is None:
        raise Unreadable(_("第一张表里什么也没有。请按模板填写，数据放在第一张表，再上传。"))
    names = match_headings(register, head.cells)
    place = names.index(register.key)
    codes = [at for at, name in enumerate(names) if _is_code(register, name)]
    first: dict[str, int] = {}
    twice: dict[str, list[int]] = {}
    count = 0
    with target.open("wb") as rows:
        for row in table:
            count += 1
            for at in codes:
                if at < len(row.cells) and (half := row.cells[at].translate(HALF_WIDTH)).isascii():
                    row.cells[at] = half  # a name keeps its own
            key = row.cells[place].strip() if place < len(row.cells) else ""
            if key and (line := first.setdefault(key, row.number)) != row.number:
                twice.setdefault(key, [line]).append(row.number)
            rows.write(_line(row))
            progress.step()
    if not count:
        raise Unreadable(_("表里只有标题，没有要导入的行。"))
    return names, count, first, twice


def _is_code(register: Register, name: str) -> bool:
    """Whether the column holds codes: of the record itself, or of another that it points to."""
    if name not in register.fields:
        return False
    return name == register.key or bool(register.model._meta.get_field(name).is_relation)


def apply(ctx: Context, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The long task that imports what was checked, in one transaction."""
    register = register_of(arguments["register"])
    checked = Checked(tasks.get_own(ctx, arguments["check"]))
    is_whole = arguments["mode"] == ALL
    _check_is_same(checked.task.file)
    progress.total(checked.good)
    _wait_for_others(register, progress)
    judge = Judge(ctx, register, checked.names, lock=True)
    writer = Writer(ctx, register, checked.found["upload"])
    counts = {"created": 0, "changed": 0, "unchanged": 0, "skipped": 0}
    told: list[str] = []
    for rows in _batches(checked.good_rows()):
        judged = judge.judge(rows)
        writer.write([one for one in judged if one.outcome in {"new", "changed"}])
        for one in judged:
            said = {"new": "created", "wrong": "skipped"}.get(one.outcome, one.outcome)
            counts[said] += 1
            if one.outcome == "wrong":
                line, reason = one.row.number, next(iter(one.row.faults.values()))
                if is_whole:
                    raise DomainError("import_line", line=line, reason=reason)
                if len(told) < MOST_TOLD:
                    told.append(_("第 %(line)s 行：%(reason)s") % {"line": line, "reason": reason})
        progress.step(len(rows))
    return {**counts, "told": told, "url": reverse(f"{register.name}_list")}


def _wait_for_others(register: Register, progress: Progress) -> None:
    """Two imports of one register come after one another: the later sees what the earlier has made, and makes it no second time."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [f"{APPLY}:{register.prefix}"])
            if cursor.fetchone()[0]:
                return
        progress.step(0)  # it may be cancelled meanwhile
        sleep(PAUSE)


def _check_is_same(kept: StoredFile | None) -> None:
    """What is applied is byte for byte what was checked, whatever happened to the store meanwhile."""
    if kept is None:
        raise DomainError("import_gone")
    digest = hashlib.sha256()
    with suppress(FileNotFoundError):
        for piece in store().read(kept.pk, 0, kept.size):
            digest.update(piece)
    if digest.hexdigest() != kept.pk:
        raise DomainError("import_gone")


def _fetch(stored: StoredFile, target: Path) -> None:
    with target.open("wb") as file:
        for piece in store().read(stored.pk, 0, stored.size):
            file.write(piece)


def _line(row: Row) -> bytes:
    return json.dumps([row.number, row.cells, row.faults], ensure_ascii=False).encode() + b"\n"


def _row(line: bytes) -> Row:
    number, cells, faults = json.loads(line)
    return Row(number, cells, {int(place): said for place, said in faults.items()})


def _reread(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        yield from map(_row, file)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
