"""What an import of divisions writes to the journal."""

from dataclasses import dataclass

from django.utils.translation import pgettext_lazy

from anlan.kernel.events import event


@event("organisation.division.imported", pgettext_lazy("event", "导入行政区划"))
@dataclass(frozen=True)
class DivisionsImported:
    """One entry for a whole import; `root` is the code that was imported, blank for the whole country."""

    root: str
    added: int
    renamed: int
    retired: int
