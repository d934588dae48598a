"""Rows of a table that somebody uploads, Excel or CSV, as text; never more of it in memory than a row and its shared texts.

Whatever cannot be taken for what its author saw (a formula, a number that Excel has rounded) is a fault of its cell,
never a guess.

The library for workbooks is loaded when the first of them comes: it takes 26 MB in a process.
"""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MEGABYTE = 1 << 20
MOST_BYTES = 50 * MEGABYTE
MOST_ROWS = 200_000
MOST_COLUMNS = 200
MOST_CHARACTERS = 2_000  # of one cell
MOST_UNPACKED = 600 * MEGABYTE  # of a workbook; a sheet of 200,000 rows takes a third of that
MOST_TEXTS = 100 * MEGABYTE  # of its shared texts, which are held in memory
MOST_BLANK = 20_000  # rows in one go; behind them a sheet has nothing but formats
EXACT = 10**15  # Excel keeps 15 digits of a number and makes the rest 0
SHOWN = 10**30  # beyond that a number is shown by its power of ten
PIECE = 1 << 16
TEXTS = "xl/sharedStrings.xml"
MERGED = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z0-9:]{1,20})"')
LONGEST_MERGED = 64  # bytes of one such element
OTHERS = (
    b"%PDF",
    b"{\\rt",
    b"<htm",
    b"<!DO",
    b"<?xm",
    b"<tab",
    b"\x89PNG",
    b"\xff\xd8",
)  # what else gets renamed
WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")  # "Unicode text" of Excel
FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # what a cell begins with that a spreadsheet takes for a formula


class Unreadable(Exception):
    """The file is no table that can be read; it says why, for its sender."""


@dataclass(slots=True)
class Row:
    """One row. number: its line in the file, from 1; faults: what is wrong with a cell, by its place."""

    number: int
    cells: list[str]
    faults: dict[int, str] = field(default_factory=dict)


def read_table(path: Path) -> Iterator[Row]:
    """The rows that hold anything, the headings first. What the file is, its content says. raises Unreadable"""
    with path.open("rb") as file:
        begin = file.read(4)
    rows = _workbook(path) if begin == b"PK\x03\x04" else _csv(path, begin)
    most = MOST_ROWS + 1
    for count, row in enumerate(rows, 1):
        if count > most:
            raise Unreadable(_("超过 %(most)s 行。请分成几个文件导入。") % {"most": f"{MOST_ROWS:,}"})
        yield row


# --- Excel ----------------------------------------------------------------------------------------------------------


def _workbook(path: Path) -> Iterator[Row]:
    broken = _("文件已损坏，不能读取。请重新另存为 .xlsx 后再上传。")
    try:
        _check_size(path)
        with path.open("rb") as file:
            book = import_module("openpyxl").load_workbook(file, read_only=True, keep_links=False)
            if not book.worksheets:
                raise Unreadable(broken)
            sheet = book.worksheets[0]
            _refuse_merged(book, sheet)
            sheet.reset_dimensions()  # what a file says of its own size is often wrong
            yield from _rows(sheet)
    # What a broken file makes of the library: it promises no family of errors.
    except (
        zipfile.BadZipFile,
        zlib.error,
        RuntimeError,  # packed in a way that is not known, or with a password
        EOFError,
        OSError,
        SyntaxError,  # XML that is not well formed
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
    ) as error:
        raise Unreadable(broken) from error


def _check_size(path: Path) -> None:
    """Of what is unpacked: no more is ever read of a part than the archive says of it."""
    with zipfile.ZipFile(path) as archive:
        sizes = {part.filename: part.file_size for part in archive.infolist()}
    if not any(name.startswith("xl/") for name in sizes):
        raise Unreadable(_no_table())
    if sum(sizes.values()) > MOST_UNPACKED or sizes.get(TEXTS, 0) > MOST_TEXTS:
        raise Unreadable(_("文件展开后过大，没有读取。请删去无关的工作表和格式，或分成几个文件。"))


def _refuse_merged(book: Any, sheet: Any) -> None:
    """A merged cell stands in one row and is meant for several: which, only its author knows."""
    found: list[str] = []
    # The library reads rows without them.
    with book._archive.open(sheet._worksheet_path) as part:  # noqa: SLF001 - only it knows which part the sheet is
        left = b""
        while piece := part.read(MEGABYTE):
            left += piece
            end = 0
            for match in MERGED.finditer(left):
                found.append(match[1].decode())
                end = match.end()
            left = left[max(end, len(left) - LONGEST_MERGED) :]
    if found:
        said = _("第一张表有 %(count)s 处合并的单元格（%(where)s）。请取消合并，每一行都填写完整后再上传。")
        raise Unreadable(said % {"count": len(found), "where": _("、").join(found[:5])})


def _no_table() -> str:
    return _("不是可以导入的文件。请上传 .xlsx，或用 UTF-8、GB18030 编码的 .csv。")


def _rows(sheet: Any) -> Iterator[Row]:
    blank = 0
    for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), 1):
        row = Row(number, [])
        for place, cell in enumerate(cells):
            value = cell.value
            row.cells.append(value if value.__class__ is str else "" if value is None else _text(value))
            if value is not None:
                _check(row, place, value, cell.data_type)
        if any(row.cells) or row.faults:
            blank = 0
            yield _bounded(row)
        elif (blank := blank + 1) > MOST_BLANK:
            return


def _check(row: Row, place: int, value: Any, kind: str) -> None:
    if kind == "f":
        row.cells[place] = row.cells[place] if isinstance(value, str) else ""
        row.faults[place] = _("这是公式。请复制后用“选择性粘贴—数值”改成结果。")
    elif kind == "e":
        row.faults[place] = _("公式出错，没有结果。请改正。")
    elif isinstance(value, int | float) and abs(value) >= EXACT:
        row.faults[place] = _("数字超过 15 位，Excel 已把末几位改成 0。请把该列设为文本后重新填写。")


def _text(value: Any) -> str:
    """A value as it is typed into a form."""
    if isinstance(value, bool):
        return pgettext("value", "是") if value else pgettext("value", "否")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < SHOWN else repr(value)
    if isinstance(value, datetime):
        at_midnight = value.time() == time()
        return value.strftime("%Y-%m-%d") if at_midnight else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)


# --- CSV ------------------------------------------------------------------------------------------------------------


def _csv(path: Path, begin: bytes) -> Iterator[Row]:
    if begin[:4] == b"\xd0\xcf\x11\xe0":
        raise Unreadable(_("这是旧版 Excel 文件（.xls），或加了密码。请另存为不加密的 .xlsx 后再上传。"))
    if begin.lstrip()[:4].startswith(OTHERS):
        raise Unreadable(_no_table())
    with path.open(encoding=_encoding(path, begin), newline="") as file:
        head = file.readline(PIECE)
        file.seek(0)
        mark, number = max(",;\t", key=head.count), 0
        try:
            for number, cells in enumerate(csv.reader(file, delimiter=mark, strict=True), 1):
                row = Row(number, [_plain(text) for text in cells[:MOST_COLUMNS]])
                if any(row.cells):
                    yield _bounded(row)
        except csv.Error as error:
            raise Unreadable(
                _("第 %(line)s 行起不是完整的 CSV。请检查引号是否成对。") % {"line": number + 1}
            ) from error


def _encoding(path: Path, begin: bytes) -> str:
    """UTF-8 if it is that from beginning to end, else GB18030, in which Chinese Excel saves CSV."""
    for name in ("utf-16",) if begin.startswith(WIDE_BOMS) else ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(name)()
        try:
            with path.open("rb") as file:
                while piece := file.read(PIECE):
                    decoder.decode(piece)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return name
    raise Unreadable(_no_table())


def _plain(text: str) -> str:
    """What stood in the cell before an export made it harmless."""
    return text[1:] if text[:1] == "'" and text.lstrip("'").startswith(FORMULAS) else text


def _bounded(row: Row) -> Row:
    while row.cells and not row.cells[-1] and len(row.cells) - 1 not in row.faults:
        row.cells.pop()
    for place, text in enumerate(row.cells):
        if len(text) > MOST_CHARACTERS:
            row.cells[place] = text[:50] + "…"
            row.faults[place] = _("超过 %(most)s 字。请缩短。") % {"most": f"{MOST_CHARACTERS:,}"}
        elif "\0" in text:
            row.cells[place] = text.replace("\0", "")
            row.faults[place] = _("含有不可见的字符。请重新填写。")
    return row
