"""Kinds of warning: what is written to the journal beyond what happens in every register."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import event


@event("watch.kind.loaded", _("装入预警种类"))
@dataclass(frozen=True)
class KindsLoaded:
    """Kinds that come with us were taken over, with their templates."""

    templates: int


@event("watch.kind.template_written", _("修改预警模板"))
@dataclass(frozen=True)
class TemplateWritten:
    """fields: the names of those that changed; what they held before stands in the template's history."""

    colour: str
    fields: tuple[str, ...]
