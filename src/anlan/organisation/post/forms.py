"""Forms of appointing, of absence, and of an emergency office's check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.kernel.fields import MomentField
from anlan.kernel.register.declaration import registers
from anlan.kernel.register.forms import Reference, candidates
from anlan.organisation.post.models import Posting
from anlan.organisation.post.selectors import FOUR
from anlan.organisation.post.terms import AbsenceReason

if TYPE_CHECKING:
    from anlan.kernel.context import Context

PEOPLE = "organisation.person"


def _people(ctx: Context) -> Any:
    return candidates(ctx, registers()[PEOPLE], Posting._meta.get_field("person"))


class PersonForm(forms.Form):
    """Asks for a person, found by his words."""

    name = "person"

    def __init__(self, ctx: Context, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen: Any = self.fields[self.name]
        chosen.queryset = _people(ctx)


class AppointForm(PersonForm):
    person = Reference(queryset=None, label=_("人员"))
    acting = forms.BooleanField(label=_("代理"), required=False)
    from_at = MomentField(label=_("任职时间"), help_text=_("不填则从现在起。"))
    until_at = MomentField(label=_("结束时间"), help_text=_("不填则长期任职。"))


class StandInForm(PersonForm):
    person = Reference(queryset=None, label=_("人员"))
    until_at = MomentField(label=_("结束时间"), help_text=_("不填则长期有效。"))


class AbsenceForm(PersonForm):
    name = "stand_in"

    reason = forms.ChoiceField(label=_("事由"), choices=AbsenceReason)
    from_at = MomentField(label=_("开始时间"), required=True)
    until_at = MomentField(label=_("结束时间"), help_text=_("不填则到销假为止。"))
    stand_in = Reference(
        queryset=None,
        label=_("代班人"),
        required=False,
        help_text=_("代其全部岗位；不选则由各岗位的替补接替。"),
    )


class CheckForm(forms.Form):
    """What proves each of the four; blank: not in place."""

    body = forms.CharField(
        label=_("机构"), help_text=_("设立文件的名称和文号。"), max_length=200, required=False
    )
    duties = forms.CharField(label=_("职责"), help_text=_("职责规定的文号。"), max_length=200, required=False)
    establishment = forms.CharField(
        label=_("编制"), help_text=_("编制批复的文号和数额。"), max_length=200, required=False
    )
    staff = forms.CharField(
        label=_("人员"), help_text=_("到岗人数和名单所在。"), max_length=200, required=False
    )

    def proofs(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in FOUR}
