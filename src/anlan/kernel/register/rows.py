"""Rows of a register's table as HTML. Written here and not by a template: 50 rows of 7 cells cost a third that way."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from anlan.kernel.register.declaration import Register

NAME = "\N{OBJECT REPLACEMENT CHARACTER}"  # stands for a row's name until it is known


def render(
    register: Register, rows: Iterable[tuple[Any, ...]], address: Callable[[Any], str], *, select: bool
) -> SafeString:
    """Table rows; the first column leads to the record. Every value is escaped here."""
    columns = [(escape(str(column.label)), column.text) for column in register.listed]
    chosen = escape(_("选中%(name)s") % {"name": NAME})
    return SafeString("".join(_row(row, columns, address, chosen if select else "") for row in rows))


def _row(
    row: tuple[Any, ...], columns: list[tuple[str, Any]], address: Callable[[Any], str], chosen: str
) -> str:
    key, *values = row
    name, *others = [
        (label, conditional_escape(text(value))) for (label, text), value in zip(columns, values, strict=True)
    ]
    tick = ""
    if chosen:
        said = chosen.replace(NAME, name[1])
        tick = (
            '<td class="an-check-cell"><input class="an-check" type="checkbox" name="id" data-select'
            f' value="{key}" aria-label="{said}"></td>'
        )
    cells = "".join(f'<td data-label="{label}">{text}</td>' for label, text in others)
    return f'<tr>{tick}<th scope="row"><a href="{escape(address(key))}">{name[1]}</a></th>{cells}</tr>\n'
