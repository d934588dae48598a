"""Errors with a code; the sentence a person reads stands with the code and goes through the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SENTENCES: dict[str, _StrPromise] = {
    "not_found": _("没有找到。该记录不存在，或不在您的管理范围内。"),
    "not_allowed": _("您的岗位没有“%(capability)s”的权限。如工作需要，请联系安全管理员授权。"),
    "state_conflict": _("该记录已被他人更新，请刷新后重试。"),
    "unit_has_children": _("该单位还有下级单位。请先把下级划转、合并或撤销。"),
    "unit_into_itself": _("不能划转到本单位或其下级单位之下。请另选上级单位。"),
    "unit_ended": _("所选单位已停用。请另选一个单位。"),
    "unit_is_root": _("最上级的单位不能拆分。"),
    "rule_one_limit": _("规则的时限、工作日数和周期只能有一项。请改正后再保存。"),
    "task_ended": _("这项任务已经结束，不能再取消。"),
    "task_stopping": _("已要求取消，任务正在停下，请稍候。"),
    "task_unknown": _("系统已不再办理这类任务。请联系运维人员。"),
    "task_of_inactive": _("发起人已停用，任务没有办理。"),
    "record_taken": _("已有相同编号或名称的记录。请核对后改用其他编号或名称。"),
    "too_often": _("查得过于频繁。请 %(minutes)s 分钟后再试；急需时改按姓名、岗位或单位查。"),
    "nothing_chosen": _("没有选中要处理的记录，或选得太多。请返回列表重新勾选。"),
    "held": _("节点处于恢复后的保持状态，暂不对外发送。请先在“运行状态”页确认放行。"),
    "own_grant": _("不能给自己授权，也不能变更、收回自己的授权。请由其他安全管理员办理。"),
    "own_role": _("不能修改自己持有的角色。请由其他安全管理员办理。"),
    "role_held_elsewhere": _("该角色也授予了您管理范围以外的人员，不能由您修改。请联系上级安全管理员。"),
    "second_administrator": _(
        "系统管理员、安全管理员、审计员须由不同的人担任。该用户在此期间已是%(held)s，不能再任%(asked)s。请另选一人。"
    ),
    "already_granted": _("该用户在此期间已有这项授权，不必重复授予。如需延长，请修改原授权的失效时间。"),
    "last_security_administrator": _(
        "该单位没有其他长期有效的安全管理员，办理后将无人能够授权。请先另授一人。"
    ),
    "security_administrator_exists": _("已有安全管理员，请由其授权。"),
    "user_inactive": _("该用户已停用，不能授权。请先启用该用户。"),
    "username_taken": _("该登录名已有人使用。请换一个登录名。"),
    "begins_in_past": _("生效时间已过。请选择以后的时间；不填则立即生效。"),
    "ends_in_past": _("失效时间已过。请选择以后的时间。"),
    "ends_before_begin": _("失效时间不晚于生效时间。请重新选择。"),
    "unknown_capability": _("没有“%(capability)s”这项权限。请刷新后重新选择。"),
    "reserved_capability": _("“%(capability)s”只能由%(administrator)s持有，不能加入该角色。"),
    "file_empty": _("“%(name)s”是空文件，没有添加。请检查后重新选择。"),
    "file_too_large": _("“%(name)s”超过 %(megabytes)s MB，没有添加。请压缩后再添加。"),
    "file_kind": _(
        "“%(name)s”的内容不是可以添加的类型，没有添加。可以添加照片、录音、录像、PDF、OFD、WPS 和 Office 文档、文本。"
    ),
    "file_macros": _("“%(name)s”含有宏，没有添加。请另存为不含宏的格式再添加。"),
    "file_broken": _("“%(name)s”已损坏，无法读取，没有添加。请重新拍摄或导出后再添加。"),
    "image_too_large": _("“%(name)s”的像素过多，没有添加。请缩小后再添加。"),
    "file_twice": _("“%(name)s”已是本记录的附件，不必再添加。"),
    "files_full": _("附件已满 %(most)s 个，“%(name)s”没有添加。请先移除不需要的附件。"),
    "file_reason": _("没有写明移除的原因，附件没有移除。请填写原因。"),
    "file_lost": _("该附件的内容不在存储中，可能备份时没有包含。请联系运维人员。"),
    "files_unreachable": _("存放附件的服务没有应答，请稍后重试。仍不成功，请联系运维人员。"),
    "not_a_matter": _("该记录不是事项，不能单独共享。请共享它所属的事项。"),
}


class DomainError(Exception):
    """A refusal that a person can understand: `code` names it, `params` fill its sentence.

    status   what the API and pages answer with
    """

    status = 409

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params

    def __str__(self) -> str:
        return str(SENTENCES[self.code]) % self.params


class NotFound(DomainError):
    """It does not exist or lies outside the asker's scope; which of the two is not told."""

    status = 404

    def __init__(self) -> None:
        super().__init__("not_found")


class NotAllowed(DomainError):
    """The actor holds no grant of the capability where it would be needed."""

    status = 403

    def __init__(self, capability: str) -> None:
        super().__init__("not_allowed", capability=capability)


class StateConflict(DomainError):
    """Somebody else was faster: the record is no longer in the state the act starts from."""

    def __init__(self) -> None:
        super().__init__("state_conflict")


class TooOften(DomainError):
    """More of something than one person needs; it is allowed again after so many minutes."""

    status = 429

    def __init__(self, minutes: int) -> None:
        super().__init__("too_often", minutes=minutes)


class UnscopedRead(Exception):
    """A record was read past scope; selectors ask `scope.visible`, or say `unscoped` and why."""
