"""What happens to posts; ids only, who it is stands in the records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - events look at their types when they are declared
from uuid import UUID  # noqa: TC003 - the same

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import event


@event("organisation.post.founded", _("设岗"))
@dataclass(frozen=True)
class PostFounded:
    """required: whether somebody must hold it."""

    required: bool


@event("organisation.post.appointed", _("任命"))
@dataclass(frozen=True)
class PersonAppointed:
    posting: UUID
    person: UUID
    acting: bool
    from_at: datetime
    until_at: datetime | None


@event("organisation.post.posting_ended", _("免去"))
@dataclass(frozen=True)
class PostingEnded:
    posting: UUID
    person: UUID


@event("organisation.post.filled", _("岗位满员"))
@dataclass(frozen=True)
class PostFilled:
    pass


@event("organisation.post.vacated", _("岗位出缺"))
@dataclass(frozen=True)
class PostVacated:
    required: bool


@event("organisation.post.stand_in_put", _("指定替补"))
@dataclass(frozen=True)
class StandInPut:
    posting: UUID
    person: UUID
    rank: int


@event("organisation.post.absence_reported", _("登记请假"))
@dataclass(frozen=True)
class AbsenceReported:
    person: UUID
    stand_in: UUID | None
    from_at: datetime
    until_at: datetime | None


@event("organisation.post.absence_ended", _("销假"))
@dataclass(frozen=True)
class AbsenceEnded:
    person: UUID


@event("organisation.post.office_checked", _("核对四落实"))
@dataclass(frozen=True)
class OfficeChecked:
    """missing: which of the four are not in place."""

    year: int
    missing: tuple[str, ...]


@event("organisation.post.four_in_place", _("四落实到位"))
@dataclass(frozen=True)
class FourInPlace:
    year: int
