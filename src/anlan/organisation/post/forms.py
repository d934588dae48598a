"""Forms of appointing, of absence, and of an emergency office's check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from anlan.kernel.fields import MomentField
from anlan.kernel.register import choosing
from anlan.kernel.register.declaration import registers
from anlan.organisation.post import selectors
from anlan.organisation.post.selectors import FOUR
from anlan.organisation.post.terms import AbsenceReason

if TYPE_CHECKING:
    from anlan.kernel.context import Context

PEOPLE = "organisation.person"


def _person(ctx: Context, **options: Any) -> choosing.Reference:
    """A person, found by his words."""
    people = registers()[PEOPLE]
    return choosing.Reference(
        queryset=selectors.list_people_to_choose(ctx),
        suggest=lambda words: choosing.suggest_records(ctx, people, words),
        address=lambda name: reverse("post_people", args=[name]),
        **options,
    )


class PersonForm(forms.Form):
    """Asks for a person first."""

    def __init__(self, ctx: Context, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["person"] = _person(ctx, label=_("人员"))
        self.order_fields(("person",))


class AppointForm(PersonForm):
    acting = forms.BooleanField(label=_("代理"), required=False)
    from_at = MomentField(label=_("任职时间"), help_text=_("不填则从现在起。"))
    until_at = MomentField(label=_("结束时间"), help_text=_("不填则长期任职。"))


class StandInForm(PersonForm):
    until_at = MomentField(label=_("结束时间"), help_text=_("不填则长期有效。"))


class AbsenceForm(forms.Form):
    reason = forms.ChoiceField(label=_("事由"), choices=AbsenceReason)
    from_at = MomentField(label=_("开始时间"), required=True)
    until_at = MomentField(label=_("结束时间"), help_text=_("不填则到销假为止。"))

    def __init__(self, ctx: Context, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        help_text = _("代其全部岗位；不选则由各岗位的替补接替。")
        self.fields["stand_in"] = _person(ctx, label=_("代班人"), required=False, help_text=help_text)


class CheckForm(forms.Form):
    """What proves each of the four, by a document's name and number or by a file; blank: not in place."""

    body = forms.CharField(
        label=_("机构"),
        help_text=_("设立文件的名称和文号；以附件为证的写“见附件”。"),
        max_length=200,
        required=False,
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
