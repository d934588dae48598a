"""Forms of the pages on access: what is asked to grant, to take back, to edit a role, to add a user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.kernel import access, roles
from anlan.kernel.errors import DomainError
from anlan.kernel.models import Role, User

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit

# At which field a refusal is shown; all others stand above the form.
FIELDS = {
    "begins_in_past": "from_at",
    "ends_in_past": "until_at",
    "ends_before_begin": "until_at",
    "username_taken": "username",
}


def show_refusal(form: forms.BaseForm, refusal: DomainError) -> None:
    """Put an act's refusal where the reader can mend it."""
    field = FIELDS.get(refusal.code)
    form.add_error(field if field in form.fields else None, str(refusal))


class MomentField(forms.DateTimeField):
    """Date and time to the minute, by the browser's own picker."""

    def __init__(self, *, required: bool = False, **options: Any) -> None:
        picker = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=picker, required=required, **options)


class ReasonField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label=_("理由"),
            max_length=200,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("例如：调离岗位。理由记入留痕。"),
        )


class GrantForm(forms.Form):
    role = forms.ModelChoiceField(queryset=Role.objects.none(), label=_("角色"), empty_label=_("请选择"))
    unit = forms.IntegerField(label=_("管理范围"), error_messages={"required": _("请查找并选定一个单位。")})
    from_at = MomentField(label=_("生效时间"), help_text=_("不填则立即生效。"))
    until_at = MomentField(label=_("失效时间"), help_text=_("不填则长期有效。"))

    def __init__(self, ctx: Context, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ctx = ctx
        self.fields["role"].queryset = Role.objects.order_by("administrator", "pk")  # type: ignore[attr-defined]  # it has one

    def clean_unit(self) -> Unit:
        try:
            return access.get_unit(self.ctx, self.cleaned_data["unit"])
        except DomainError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class EndForm(forms.Form):
    reason = ReasonField()


class UntilForm(forms.Form):
    until_at = MomentField(label=_("失效时间"), help_text=_("不填则长期有效。"))
    reason = ReasonField()


class RoleForm(forms.Form):
    """A role's name and capabilities.

    seen_at  when the role had last been edited, as the page showed it
    """

    name = forms.CharField(label=_("名称"), max_length=64)
    capabilities = forms.MultipleChoiceField(
        label=_("权限"),
        error_messages={"required": _("请至少选择一项权限。")},
    )
    seen_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)

    def __init__(self, administrator: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = roles.capabilities_for(administrator)
        self.fields["capabilities"].choices = list(offered.items())  # type: ignore[attr-defined]  # it has some

    @property
    def chosen(self) -> set[str]:
        return set(self["capabilities"].value() or ())


class UserForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("username", "display_name")
        help_texts = {"username": _("字母、数字和 @ . + - _，登录时用。")}
