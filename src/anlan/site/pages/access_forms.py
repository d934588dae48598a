"""Forms of the pages on access: what is asked to grant, to take back, to edit a role, to add a user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.kernel import access, roles, tokens
from anlan.kernel.errors import DomainError
from anlan.kernel.fields import MomentField
from anlan.kernel.models import Role, User
from anlan.kernel.register import choosing
from anlan.kernel.terms import BusinessLine

if TYPE_CHECKING:
    from anlan.kernel.context import Context

# At which field a refusal is shown; all others stand above the form.
FIELDS = {
    "administrator_of_line": ("line",),
    "begins_in_past": ("from_at",),
    "ends_in_past": ("until_at", "expires_at"),
    "ends_before_begin": ("until_at",),
    "username_taken": ("username",),
    "token_too_long": ("expires_at",),
    "token_scopes": ("scopes",),
}


def show_refusal(form: forms.BaseForm, refusal: DomainError) -> None:
    """Put an act's refusal where the reader can mend it."""
    fields = FIELDS.get(refusal.code, ())
    form.add_error(next((field for field in fields if field in form.fields), None), str(refusal))


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
    line = forms.ChoiceField(
        label=_("业务条线"),
        choices=[("", _("不限条线")), *BusinessLine.choices],
        required=False,
        help_text=_("例如水务员：范围选本区，条线选水务。"),
    )
    from_at = MomentField(label=_("生效时间"), help_text=_("不填则立即生效。"))
    until_at = MomentField(label=_("失效时间"), help_text=_("不填则长期有效。"))

    def __init__(self, ctx: Context, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"] = choosing.unit(ctx, access.GRANT, label=_("管理范围"))
        self.order_fields(("role", "unit", "line"))
        self.fields["role"].queryset = Role.objects.order_by("administrator", "pk")  # type: ignore[attr-defined]  # it has one


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

    def __init__(self, role: Role | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role = role
        offered = roles.capabilities_for(role.administrator if role else "")
        self.fields["capabilities"].choices = list(offered.items())  # type: ignore[attr-defined]  # it has some

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        try:
            roles.refuse_name(name, self.role)
        except DomainError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return name

    @property
    def chosen(self) -> set[str]:
        return set(self["capabilities"].value() or ())


class UserForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("display_name", "username", "is_machine")
        labels = {"is_machine": _("这是机器账号，供其他系统对接")}
        help_texts = {
            "username": _("字母、数字和 @ . + - _，登录时用。"),
            "is_machine": _("没有密码，不能登录网页；凭令牌使用接口。"),
        }


class TokenForm(forms.Form):
    """What a token is for, what it may do, and until when.

    person  the machine's user: what he holds is what there is to choose from
    """

    name = forms.CharField(label=_("用途"), max_length=64, help_text=_("例如：雨量站数据接入。"))
    scopes = forms.MultipleChoiceField(
        label=_("权限"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请至少选择一项权限。")},
    )
    expires_at = MomentField(label=_("失效时间"), help_text=_("最长 366 天，到期前请换发。"))

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = list(tokens.scopes_for(person).items())  # type: ignore[attr-defined]  # it has some
        self.fields["expires_at"].required = True
