"""The kernel's terms and capabilities."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Theme(TextChoices):
    AUTO = "auto", _("跟随系统")
    LIGHT = "light", _("浅色")
    DARK = "dark", _("深色")


class Density(TextChoices):
    COMFORTABLE = "comfortable", _("宽松")
    COMPACT = "compact", _("紧凑")


class Language(TextChoices):
    CHINESE = "zh-hans", _("中文")
    ENGLISH = "en", _("英文")


class Digest(TextChoices):
    SHA256 = "sha256", _("SHA-256")
    SM3 = "sm3", _("国密 SM3")


class Every(TextChoices):
    DAY = "day", _("每日")
    WORKDAY = "workday", _("每个工作日")
    WEEK = "week", _("每周")
    MONTH = "month", _("每月")
    QUARTER = "quarter", _("每季度")
    HALF_YEAR = "half_year", _("每半年")
    YEAR = "year", _("每年")


class RuleEffect(TextChoices):
    OPEN = "open", _("产生")
    FULFIL = "fulfil", _("办结")
    WITHDRAW = "withdraw", _("撤销")
    PAUSE = "pause", _("中止")
    RESUME = "resume", _("恢复")


class ObligationState(TextChoices):
    OPEN = "open", _("待办")
    PAUSED = "paused", _("中止")
    FULFILLED = "fulfilled", _("已办结")
    WAIVED = "waived", _("已免除")
    WITHDRAWN = "withdrawn", _("已撤销")


class Whose(TextChoices):
    """Which obligations a list shows: of my own posts, of my units, of all below them."""

    MINE = "mine", _("我的")
    UNIT = "unit", _("本单位")
    SUBTREE = "subtree", _("辖区")


class Standing(TextChoices):
    """How an obligation stands at the moment; open is all that is not done."""

    OPEN = "open", _("待办")
    OVERDUE = "overdue", _("已逾期")
    TODAY = "today", _("今天到期")
    PAUSED = "paused", _("中止")
    ENDED = "ended", _("已结束")


class Rung(TextChoices):
    REMINDER = "reminder", _("提醒")
    ESCALATION = "escalation", _("逾期告知")


class TaskState(TextChoices):
    WAITING = "waiting", _("等待")
    RUNNING = "running", _("进行中")
    DONE = "done", _("完成")
    FAILED = "failed", _("失败")
    CANCELLED = "cancelled", _("已取消")


class NoticeLevel(IntegerChoices):
    NORMAL = 1, _("一般")
    IMPORTANT = 2, _("重要")


class WarningColour(TextChoices):
    """Warning levels 预警级别, the gravest first: a scale of its own, neither an incident's grade nor a response's level."""

    RED = "red", _("红色")
    ORANGE = "orange", _("橙色")
    YELLOW = "yellow", _("黄色")
    BLUE = "blue", _("蓝色")


class Administrator(TextChoices):
    """The three administrators that exclude each other 三员分立."""

    SYSTEM = "system", _("系统管理员")
    SECURITY = "security", _("安全管理员")
    AUDIT = "audit", _("审计员")


class GrantState(TextChoices):
    CURRENT = "current", _("有效")
    TO_COME = "to_come", _("未生效")
    ENDED = "ended", _("已失效")


class BusinessLine(TextChoices):
    """What a unit is charged with beside its government, and what a grant may be narrowed to."""

    EMERGENCY = "emergency", _("应急管理")
    WATER = "water", _("水务")
    WEATHER = "weather", _("气象")
    FIRE = "fire", _("消防救援")
    POLICE = "police", _("公安")
    HEALTH = "health", _("卫生健康")
    LAND = "land", _("规划和自然资源")
    HOUSING = "housing", _("住房城乡建设")
    TRANSPORT = "transport", _("交通运输")
    ENVIRONMENT = "environment", _("生态环境")
    MARKET = "market", _("市场监管")
    FARMING = "farming", _("农业农村")
    EDUCATION = "education", _("教育")
    CULTURE = "culture", _("文化旅游")
    CIVIL = "civil", _("民政")
    COMMUNICATION = "communication", _("通信")
    POWER = "power", _("电力")
    GAS = "gas", _("燃气供热")


class TokenState(TextChoices):
    CURRENT = "current", _("有效")
    EXPIRED = "expired", _("已到期")
    ENDED = "ended", _("已终止")


CAPABILITIES = {
    "kernel.node.read": _("查看节点运行状态"),
    "kernel.node.check": _("发起节点自检"),
    "kernel.node.release": _("放行恢复后的节点"),
    "kernel.notice.post": _("发布和撤下系统公告"),
    "kernel.journal.read": _("查看留痕"),
    "kernel.journal.mend": _("处理受阻的后台处理"),
    "kernel.obligation.read": _("查看履责事项"),
    "kernel.obligation.fulfil": _("登记履责"),
    "kernel.obligation.urge": pgettext_lazy("capability", "督办履责事项"),
    "kernel.obligation.pause": _("中止和恢复履责事项"),
    "kernel.obligation.waive": pgettext_lazy("capability", "免除履责事项"),
    "kernel.rule.edit": _("修改履责规则和节假日安排"),
    "kernel.access.read": _("查看授权"),
    "kernel.access.grant": _("授予和收回角色"),
    "kernel.access.edit_role": _("修改角色的权限"),
    "kernel.access.appoint": _("任命首任安全管理员"),
    "kernel.user.create": _("添加用户"),
    "kernel.user.suspend": _("停用、启用用户和结束其登录"),
    "kernel.user.reset": _("重设密码和解除两步验证"),
    "kernel.token.issue": _("签发和终止机器令牌"),
    "kernel.session.keep": _("值班页面保持登录"),
    "kernel.exercise.join": _("参加演练"),
    "kernel.exercise.run": _("组织演练"),
}

# What nobody does on the strength of a password alone: acts and pages behind these ask for a second factor.
SECOND_FACTOR = frozenset(
    {
        "kernel.access.grant",
        "kernel.access.edit_role",
        "kernel.access.appoint",
        "kernel.node.release",
        "kernel.journal.mend",
        "kernel.user.suspend",
        "kernel.user.reset",
        "kernel.token.issue",
    }
)

# What one administrator's role alone may hold; in any other role it would undo the separation of the three 三员分立.
RESERVED = {
    "kernel.access.grant": Administrator.SECURITY,
    "kernel.access.edit_role": Administrator.SECURITY,
    "kernel.access.appoint": Administrator.SYSTEM,
    "kernel.user.create": Administrator.SYSTEM,
    "kernel.user.suspend": Administrator.SECURITY,
    "kernel.user.reset": Administrator.SYSTEM,
    "kernel.token.issue": Administrator.SYSTEM,
}
