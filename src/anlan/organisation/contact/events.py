"""What happens to contact points beyond what happens in every register."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import pgettext_lazy

from anlan.kernel.events import event


@event("organisation.contact.verified", pgettext_lazy("event", "核实联系方式"))
@dataclass(frozen=True)
class ContactVerified:
    how: str
