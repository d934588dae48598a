"""Tables that a person downloads: Excel, CSV and GeoJSON, written row by row."""

from __future__ import annotations

import csv
import json
import re
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from anlan.kernel.register.reading import FORMULAS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import TextIO

EXCEL, CSV, GEOJSON = "xlsx", "csv", "geojson"
MEDIA_TYPES = {
    EXCEL: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    CSV: "text/csv; charset=utf-8",
    GEOJSON: "application/geo+json",
}
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what no workbook may hold
WIDE, NARROW = 40, 10  # characters
LAST_ROW = 200_001  # as far as an import reads


class Table(Protocol):
    """A file that is being written. `add` a row, `close` once."""

    def add(self, cells: Sequence[Any], place: Any = None) -> None: ...

    def close(self) -> None: ...


def table_at(path: Path, kind: str, headings: Sequence[str]) -> Table:
    """A table of a kind (EXCEL, CSV, GEOJSON) that begins with its headings."""
    made: Table = {EXCEL: Sheet, CSV: Lines, GEOJSON: Features}[kind](path, headings)
    return made


class Sheet:
    """A workbook. Texts stay texts, whatever they begin with."""

    def __init__(self, path: Path, headings: Sequence[str], title: str = "", *, typed: bool = False) -> None:
        self.path = path
        library = import_module("openpyxl")  # not before it is needed: it takes 26 MB in a process
        self._cell_of = library.cell.WriteOnlyCell
        self._bold = library.styles.Font(bold=True)
        self._letter = library.utils.get_column_letter
        self._rule = library.worksheet.datavalidation.DataValidation
        self.book = library.Workbook(write_only=True)
        self.sheet: Any = self.begin(headings, title, typed=typed)

    def begin(
        self, headings: Sequence[str], title: str = "", widths: Sequence[int] = (), *, typed: bool = False
    ) -> Any:
        """A further sheet; rows are added to the one begun last.

        typed   what somebody types into it stays as he typed it: no number of a phone is rounded, no code loses its zeros
        """
        self.sheet = self.book.create_sheet(title[:31] or None)
        self.sheet.freeze_panes = "A2"
        for place, heading in enumerate(headings):
            letter = self._letter(place + 1)
            wide = widths[place] if place < len(widths) else max(2 * len(heading) + 4, NARROW)
            self.sheet.column_dimensions[letter].width = wide
            if typed:
                self.sheet.column_dimensions[letter].number_format = "@"
        self.sheet.append([self._head(heading) for heading in headings])
        return self.sheet

    def offer(self, offered: Mapping[int, Sequence[str]], title: str, said: str) -> None:
        """Let columns of the first sheet be chosen from lists, which stand on a last sheet that is not shown.

        said   what the spreadsheet says to who types something else
        """
        first, longest = self.book.worksheets[0], max(map(len, offered.values()), default=0)
        lists = self.book.create_sheet(title[:31])
        lists.sheet_state = "hidden"
        for row in range(longest):
            lists.append([one[row] if row < len(one) else None for one in offered.values()])
        for number, (place, one) in enumerate(offered.items(), 1):
            at, column = self._letter(number), self._letter(place + 1)
            rule = self._rule(
                type="list", formula1=f"'{title}'!${at}$1:${at}${len(one)}", showErrorMessage=True, error=said
            )
            rule.add(f"{column}2:{column}{LAST_ROW}")
            first.data_validations.append(rule)

    def add(self, cells: Sequence[Any], place: Any = None) -> None:
        del place
        self.sheet.append([self._cell(value) for value in cells])

    def close(self) -> None:
        self.book.save(self.path)

    def _head(self, heading: str) -> Any:
        cell = self._cell_of(self.sheet, CONTROL.sub("", heading))
        cell.font = self._bold
        return cell

    def _cell(self, value: Any) -> Any:
        if value.__class__ is not str:
            return value
        text = CONTROL.sub("", value)
        if not text.startswith("="):
            return text
        cell = self._cell_of(self.sheet, text)
        cell.data_type = "s"  # else it would be a formula
        return cell


class Lines:
    """CSV with a byte order mark, by which Chinese Excel knows UTF-8. What would be a formula begins with an apostrophe."""

    def __init__(self, path: Path, headings: Sequence[str]) -> None:
        self.file: TextIO = path.open("x", encoding="utf-8-sig", newline="")
        self.rows = csv.writer(self.file)
        self.add(headings)

    def add(self, cells: Sequence[Any], place: Any = None) -> None:
        del place
        self.rows.writerow([harmless(value) if value.__class__ is str else value for value in cells])

    def close(self) -> None:
        self.file.close()


class Features:
    """A collection of features; what has no place has no geometry."""

    def __init__(self, path: Path, headings: Sequence[str]) -> None:
        self.file: TextIO = path.open("x", encoding="utf-8")
        self.headings, self.mark = list(headings), ""
        self.file.write('{"type": "FeatureCollection", "features": [')

    def add(self, cells: Sequence[Any], place: Any = None) -> None:
        feature = {
            "type": "Feature",
            "geometry": {"type": place.geom_type, "coordinates": place.coords} if place else None,
            "properties": dict(zip(self.headings, cells, strict=True)),
        }
        self.file.write(f"{self.mark}\n{json.dumps(feature, ensure_ascii=False, default=_number)}")
        self.mark = ","

    def close(self) -> None:
        self.file.write("\n]}\n")
        self.file.close()


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula; `reading` gives back what it was."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULAS) else text


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)
