"""Forms of the journal's pages: what an auditor looks for, why something stuck is given up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from anlan.kernel import audit, events
from anlan.kernel.clock import real_now
from anlan.kernel.periods import FIRST, LAST, local_date

if TYPE_CHECKING:
    from anlan.kernel.context import Context

DAYS = 30  # looked back over, unless the auditor says otherwise


class Day(forms.DateField):
    def __init__(self, *, label: Any) -> None:
        super().__init__(
            label=label,
            required=False,
            widget=forms.DateInput({"type": "date"}),
            validators=[MinValueValidator(FIRST), MaxValueValidator(LAST)],
        )


class SearchForm(forms.Form):
    """Its fields are those of `audit.Search`; a search that says nothing of time means the last DAYS days."""

    since = Day(label=_("从"))
    until = Day(label=_("到"))
    event = forms.ChoiceField(label=_("事件"), required=False)
    actor = forms.CharField(label=_("操作人或用户"), max_length=64, required=False)
    unit = forms.CharField(label=_("单位"), max_length=120, required=False)
    kind = forms.ChoiceField(label=_("对象类别"), required=False)
    key = forms.CharField(label=_("对象编号"), max_length=64, required=False)
    exercise = forms.ChoiceField(label=_("演练"), required=False)

    def __init__(self, ctx: Context, asked: Any) -> None:
        today = local_date(real_now())
        super().__init__({"since": (today - timedelta(days=DAYS)).isoformat(), **asked.dict()})
        self.fields["actor"].widget.attrs["placeholder"] = _("姓名或登录名")
        self.fields["unit"].widget.attrs["placeholder"] = _("名称或代码")
        kinds = sorted((audit.term_of(kind), kind) for kind in audit.list_kinds(ctx))
        self._offer("kind", ((kind, term) for term, kind in kinds))
        labels = sorted((events.label_of(name), name) for name in events.names())
        self._offer("event", ((name, label) for label, name in labels))
        drills = ((str(one.pk), one.name) for one in audit.list_exercises(ctx))
        self._offer("exercise", ((audit.REAL, _("只看真实")), *drills))

    def _offer(self, name: str, choices: Any) -> None:
        field: Any = self.fields[name]
        field.choices = [("", _("全部")), *choices]

    @property
    def search(self) -> audit.Search:
        """What is looked for; only of a valid form."""
        return audit.Search(**self.cleaned_data)


class DropForm(forms.Form):
    reason = forms.CharField(
        label=_("放弃的理由"), widget=forms.Textarea({"rows": 3}), max_length=500, strip=True
    )
