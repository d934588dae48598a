"""Another record, chosen on a page: found by its words as one types, with and without a script. One way for all pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from anlan.kernel.models import Unit
from anlan.kernel.register import listing
from anlan.kernel.scope import can, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import QueryDict

    from anlan.kernel.context import Context
    from anlan.kernel.register.declaration import Register
    from anlan.kernel.requests import PageRequest

CHOICES = 10  # that a search suggests
LONGEST_WORDS = 100
SEARCH = "find"  # what the button of the search box posts where no script fetches the suggestions


class Reference(forms.ModelChoiceField[Any]):
    """Another record, found by its words and chosen from what is suggested; never a list of all.

    suggest   the first records that the words find
    address   which page suggests them for the field of that name
    """

    def __init__(
        self, *, suggest: Callable[[str], list[Any]], address: Callable[[str], str], **options: Any
    ) -> None:
        messages = {
            "required": _("请查找并选定。"),
            "invalid_choice": _("没有找到，或不在您的管理范围内。请重新查找。"),
        }
        super().__init__(**{"error_messages": messages, **options})
        self.suggest, self.address = suggest, address


def unit(ctx: Context, capability: str, *, in_use: bool = True, **options: Any) -> Reference:
    """A unit over which the actor holds the capability. not in_use: one that has ended may stay where it stands"""
    units = visible(ctx, Unit, capability) if can(ctx, capability) else Unit.unscoped.none()
    return Reference(
        queryset=(units.filter(retired_at=None) if in_use else units).select_related("parent"),
        suggest=lambda words: suggest_units(ctx, capability, words),
        address=lambda name: reverse("unit_choices", args=[capability, name]),
        **options,
    )


def suggest_units(ctx: Context, capability: str, words: str) -> list[Unit]:
    return listing.find_units(ctx, capability, words, CHOICES) if can(ctx, capability) else []


def suggest_records(ctx: Context, register: Register, words: str) -> list[Any]:
    """The first records of a register that the words find, as far as the actor may read it."""
    if not can(ctx, register.capability("read")):
        return []
    wanted = listing.Wanted(words=words, sort=register.order)
    found = listing.ordered(ctx, register, wanted)
    return list((found.select_related("unit") if register.is_record else found)[:CHOICES])


def shown(form: Any, name: str, asked: QueryDict) -> dict[str, Any]:
    """A field for `kernel/register/_field.html`; of a reference with what it can be chosen from.

    asked   what the page was asked with: the words that are searched for
    """
    field, reference = form[name], form.fields[name]
    if not isinstance(reference, Reference):
        return {"field": field}
    words = words_of(asked, name)
    offered = choices(reference, name, words, field.value(), quiet=not reference.required)
    return {"field": field, "address": reference.address(name), **offered}


def choices(
    reference: Reference, name: str, words: str, chosen: Any, *, quiet: bool = False
) -> dict[str, Any]:
    """What a reference is chosen from: first what is chosen already; one choice alone is the choice.

    quiet   without words nothing is suggested
    """
    found = [] if quiet and not words else reference.suggest(words)
    kept = str(getattr(chosen, "pk", chosen) or "")
    if kept and kept not in {str(one.pk) for one in found}:
        found = [*_there(reference, kept), *found]
    if not kept and reference.required and len(found) == 1 and not words:
        kept = str(found[0].pk)
    silent = quiet and not words
    return {"name": name, "found": found, "chosen": kept, "most": CHOICES, "words": words, "silent": silent}


def _there(reference: Reference, key: str) -> list[Any]:
    queryset: Any = reference.queryset
    try:
        return list(queryset.filter(pk=key)[:1])
    except (ValueError, TypeError, ValidationError):  # what no key can be
        return []


def words_of(asked: Mapping[str, Any], name: str) -> str:
    return str(asked.get(f"{name}_words", "")).replace("\0", "").strip()[:LONGEST_WORDS]


def data_of(request: PageRequest) -> QueryDict | None:
    """What the page's form is bound to: what was posted, unless only to search, where no script does that."""
    return None if SEARCH in request.POST else request.POST or None


def begun_of(request: PageRequest) -> dict[str, Any]:
    """What is filled in already: what stood in the form when one searched, else what the address says."""
    asked = request.POST or request.GET
    return {name: several[0] if len(several) == 1 else several for name, several in asked.lists() if several}
