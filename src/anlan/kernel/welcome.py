"""What somebody who is here for the first time is told: what he can do here, and what to do first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from anlan.kernel import rooms
from anlan.kernel.clock import real_now
from anlan.kernel.models import User
from anlan.kernel.rooms import FirstStep
from anlan.kernel.scope import can

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.utils.functional import _StrPromise

    from anlan.kernel.context import Context

MOST = 3
# The rooms' steps stand in their urls.
OWN = (
    FirstStep(
        1,
        "kernel.user.create",
        _("添加用户"),
        _("先配齐安全管理员和审计员，须由不同的人担任。"),
        "access_user_create",
    ),
    FirstStep(
        1, "kernel.access.grant", _("给同事授予角色"), _("有了角色和管理范围，他们才能办事。"), "access_users"
    ),
    FirstStep(
        1, "kernel.journal.read", _("查一条留痕"), _("谁在何时对什么做了什么，都查得到。"), "journal_search"
    ),
    FirstStep(
        1,
        "kernel.obligation.fulfil",
        _("看有期限的事"),
        _("最急的排在最上面，办完在这里登记。"),
        "obligation_list",
    ),
    FirstStep(
        2, "kernel.access.edit_role", _("核对各角色的权限"), _("不合本地分工的，可以修改。"), "access_roles"
    ),
    FirstStep(
        2,
        "kernel.journal.read",
        _("核验一次留痕"),
        _("看封存以后有没有被改动、删除、插入。"),
        "journal_verification",
    ),
    FirstStep(
        2,
        "kernel.obligation.urge",
        _("看逾期榜"),
        _("哪个单位逾期、逾期多久，可以在这里督办。"),
        "obligation_board",
    ),
    FirstStep(3, "kernel.node.check", _("做一次自检"), _("确认消息能从头走到尾。"), "node_status"),
    FirstStep(9, "", _("开启两步验证"), _("别人知道了密码，也登录不了您的账号。"), "mfa_index"),
)


@dataclass(frozen=True)
class Welcome:
    """steps: what to do first; powers: what his capabilities are called"""

    steps: Sequence[FirstStep]
    powers: Sequence[_StrPromise]


def of(ctx: Context) -> Welcome:
    """By what the actor holds, whatever his role is called."""
    held = {code for _path, capabilities in ctx.holdings for code in capabilities}
    powers = [term for code, term in rooms.capabilities().items() if code in held]
    return Welcome(first_steps(ctx), powers)


def first_steps(ctx: Context) -> list[FirstStep]:
    """The first few that are open to the actor."""
    known = sorted((*OWN, *rooms.first_steps()), key=lambda step: step.rank)
    return [step for step in known if not step.capability or can(ctx, step.capability)][:MOST]


def is_due(user: User) -> bool:
    """Whether he has not yet sent the welcome away."""
    return user.welcomed_at is None


def finish(user: User) -> None:
    """Like looks and language this is the user's own affair, so no act and no entry."""
    User.objects.filter(pk=user.pk, welcomed_at=None).update(welcomed_at=real_now())
