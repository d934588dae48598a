"""What happens to those who have registered with a community; who it is stands in the records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - events look at their types when they are declared

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import PrivateText, event


@event("organisation.helper.came", _("现场报到"))
@dataclass(frozen=True)
class HelperCame:
    pass


@event("organisation.helper.enlisted", _("现场编入"))
@dataclass(frozen=True)
class HelpersEnlisted:
    """task, team: in people's own words."""

    team: PrivateText
    task: PrivateText
    from_at: datetime


@event("organisation.helper.released", _("解除编入"))
@dataclass(frozen=True)
class HelpersReleased:
    until_at: datetime
