"""Ladders: what is written to the journal beyond what every register writes."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import event


@event("message.ladder.adopted", _("采用示例阶梯"))
@dataclass(frozen=True)
class LadderAdopted:
    pass
