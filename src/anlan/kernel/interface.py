"""What operations of the programming interface have in common: who may, what is sent, one page of a list."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

from django.utils.translation import gettext as _
from ninja import Schema
from ninja.errors import ValidationError
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from anlan.kernel.scope import require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import QuerySet
    from django.forms import Form

    from anlan.kernel.requests import PageRequest

MOST, USUAL = 500, 100  # records in one answer
DEEPEST = 1_000_000  # records that a list is followed through


class Strict(Schema):
    """What is sent may hold nothing that is not known."""

    model_config = ConfigDict(extra="forbid")


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("NUL")
    return text


# What a person writes; how much of it may be, its field says.
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_without_nul)]


class Why(Schema):
    """A reason, which the journal keeps."""

    reason: Words = Field(max_length=200)


class Asked(Schema):
    """Which part of a list. after: the `next` of the page before; blank: the first."""

    after: str = ""
    limit: int = Field(USUAL, ge=1, le=MOST)


def needs(capability: str) -> Callable[[Any], Any]:
    """Who is logged in without the capability is refused before what he sent is looked at; others the operation refuses."""

    def decorate(operation: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(operation)
        def run(request: PageRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated:
                require(request.ctx, capability)
            return operation(request, *args, **kwargs)

        return run

    return decorate


def page_of(found: QuerySet[Any], asked: Asked) -> tuple[list[Any], str]:
    """One part of an ordered list and the mark of the next; blank: this is the last.

    raises  ValidationError for a mark that no page gave
    """
    if asked.after and not (asked.after.isascii() and asked.after.isdecimal() and len(asked.after) < 8):
        raise wrong([("query", "after", _("不认识的取值。"))])
    first = min(int(asked.after or 0), DEEPEST)
    rows = list(found[first : first + asked.limit + 1])
    return rows[: asked.limit], str(first + asked.limit) if len(rows) > asked.limit else ""


def cleaned(form: Form, names: dict[str, str] | None = None) -> dict[str, Any]:
    """What a form, the page's own, makes of what was sent. names: those that the interface calls otherwise

    raises  ValidationError that names the fields
    """
    if form.is_valid():
        return form.cleaned_data
    names = names or {}
    raise wrong(
        ("body", names.get(field, field), str(said))
        for field, all_said in form.errors.items()
        for said in all_said
    )


def refuse_unknown(name: str, given: str, known: Iterable[str]) -> None:
    """A page passes over a filter's value that it does not know; a program must hear of it. raises ValidationError"""
    if given and given not in known:
        raise wrong([("query", name, _("不认识的取值。"))])


def wrong(rows: Iterable[tuple[str, str, str]]) -> ValidationError:
    """A refusal that says where, which and why, for each."""
    return ValidationError([{"loc": (where, name), "msg": said} for where, name, said in rows])
