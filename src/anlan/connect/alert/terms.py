"""Outside warnings: where they come from, what becomes of them, why, in words; and what may be done with them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

MOST_BYTES = 4 * 1024 * 1024  # of one message, as it comes and unpacked
DRAFT = "draft"  # the state of a warning's message that may still be rewritten


class SourceKind(TextChoices):
    """By which door messages come in."""

    FOLDER = "folder", _("监视文件夹")
    HTTP = "http", _("对方推送（HTTP）")
    FEED = "feed", _("订阅源（定时拉取）")


class Format(TextChoices):
    AUTO = "auto", _("自动识别")
    CAP = "cap", _("CAP 1.2")
    CN12379 = "12379", _("12379")


class MessageState(TextChoices):
    """One state a message; whether it was replayed, and by whom, stands beside it and in the journal."""

    WAITING = "waiting", _("等待")
    TAKEN = "taken", _("已采用")
    IGNORED = "ignored", _("不采用")
    QUARANTINED = "quarantined", _("已隔离")
    DISMISSED = "dismissed", _("已处置")


class Why(TextChoices):
    """Why a message has the state it has."""

    NEW = "new", _("刚收到，马上处理。")
    PARENT = "parent", _("所引用的首发报文还没有收到。收到后自动采用；等待时限一过，变更报文按首发处理。")
    DRAFT = "draft", _("该预警的上一条信息正在审批或解除，办完后自动采用。")
    DRAFTED = "drafted", _("已起草预警。")
    UPDATED = "updated", _("已起草变更。")
    REVISED = "revised", _("已更新还没有发布的草稿。")
    CANCELLED = "cancelled", _("已起草解除。")
    WITHDRAWN = "withdrawn", _("来源已解除，还没有发布的草稿已作废。")
    MOVED = "moved", _("变更后的范围不再涉及辖区：没有发布的草稿已作废，已发布的已起草解除。")
    OVERTAKEN = "overtaken", _("同一预警已有更晚的报文，以更晚的为准。")
    EXERCISE = "exercise", _("报文自称演练，而来源是真实来源：只留存，不起草预警。")
    TEST = "test", _("报文自称测试，只留存，不起草预警。")
    SYSTEM = "system", _("系统之间的报文或草稿，只留存，不起草预警。")
    RECEIPT = "receipt", _("回执，只留存。")
    ELSEWHERE = "elsewhere", _("预警范围不涉及接收单位的辖区。")
    OVER = "over", _("报文到达时已过失效时间。")
    NOTHING = "nothing", _("没有对应的预警可以解除。")
    BROKEN = "broken", _("报文有误，见“问题”。")
    DISMISSED = "dismissed", _("已人工处置。")


# What a message says of itself, in words; its tokens are those of CAP in both formats.
TYPES: Mapping[str, _StrPromise] = {
    "Alert": _("首发"),
    "Update": _("变更"),
    "Cancel": _("解除"),
    "Ack": _("收到回执"),
    "Error": _("出错回执"),
}
STATUSES: Mapping[str, _StrPromise] = {
    "Actual": _("真实"),
    "Exercise": _("演练"),
    "System": _("系统"),
    "Test": _("测试"),
    "Draft": _("草稿"),
}
MARKS = {
    MessageState.WAITING: "waiting",
    MessageState.TAKEN: "done",
    MessageState.IGNORED: "stopped",
    MessageState.QUARANTINED: "failed",
    MessageState.DISMISSED: "stopped",
}


# What each problem is called, by its code: of XML, of CAP, of 12379, of an upload, of a signature, and our own.
PROBLEMS: Mapping[str, _StrPromise] = {
    # XML
    "empty": _("内容为空。"),
    "too_long": _("超过大小上限。"),
    "encoding": _("声明的编码不认识。"),
    "undecodable": _("内容与声明的编码不符。"),
    "malformed": _("不是格式正确的 XML。"),
    "doctype": _("含有文档类型声明（DTD），为安全起见不收。"),
    "too_deep": _("元素嵌套过深。"),
    "too_many_elements": _("元素过多。"),
    "too_many_attributes": _("一个元素的属性过多。"),
    # CAP
    "no_alert": _("根元素不是 alert。"),
    "version": _("是 CAP 其他版本的报文。"),
    "missing": _("缺少必填元素。"),
    "repeated": _("只能出现一次的元素重复出现。"),
    "unexpected": _("出现了规定以外的元素、属性或文字。"),
    "nested": _("只能写文字的地方出现了元素。"),
    "order": _("元素的先后次序不对。"),
    "word": _("取值不在规定之内。"),
    "space": _("取值前后有空白。"),
    "deprecated": _("用了旧版本的取值。"),
    "time": _("不是带秒和时区的时间。"),
    "time_form": _("时间的写法不合规定。"),
    "number": _("不是规定的数值。"),
    "language": _("不是语言代码。"),
    "base64": _("不是 base64 编码。"),
    "polygon": _("多边形不是“纬度,经度”的列表。"),
    "circle": _("圆形不是“纬度,经度 半径”。"),
    "reference": _("引用不是“发送者,编号,时间”。"),
    "characters": _("含有不允许的字符。"),
    "quotes": _("引号的用法不对。"),
    "needed": _("按另一元素的取值，此处必须填写。"),
    "few_points": _("多边形少于四个点。"),
    "open": _("多边形没有闭合。"),
    "range": _("经纬度或半径超出范围。"),
    "alone": _("只有上限高度，没有下限高度。"),
    "below": _("上限高度低于下限高度。"),
    "address": _("不是规定的地址。"),
    "mime_type": _("不是文件类型。"),
    "negative": _("大小是负数。"),
    "digest": _("摘要不对。"),
    "zone": _("时间没有时区。"),
    # 12379
    "xml": _("不是能读的 XML。"),
    "not_alert": _("不是预警报文。"),
    "no_identifier": _("没有 identifier。"),
    "no_info": _("没有 info。"),
    "unconvertible": _("取值不认识，不能判断报文的性质。"),
    # uploads
    "not_zip": _("ZIP 文件已损坏。"),
    "several": _("ZIP 里应当只有一个文件。"),
    "name": _("ZIP 里的文件名不对，应是不带路径的 .xml。"),
    "encrypted": _("ZIP 已加密。"),
    "method": _("ZIP 的压缩方法不认识。"),
    "too_large": _("解压后超过大小上限。"),
    # signatures
    "unsigned": _("该来源要求签名，报文没有签名。"),
    "form": _("签名的形式不收。"),
    "algorithm": _("签名算法太弱或不认识。"),
    "key": _("签名密钥太短。"),
    "certificate": _("签名里的证书读不了。"),
    "untrusted": _("签名者不在该来源信任的证书之列，或证书不在有效期内。"),
    "altered": _("内容与签名不符，报文被改动过。"),
    # what a sound message lacks
    "format": _("不是该来源约定的格式。"),
    "copied": _("与先前收到的报文编号、时间相同，内容不同。"),
    "stranger": _("引用了其他发送者的报文，不能据此变更或解除。"),
    "later": _("引用了比自己更晚的报文。"),
    "circle_of": _("报文互相引用。"),
    "status": _("引用的报文与自己的状态（真实、演练、测试）不同。"),
    "no_event_type": _("看不出是哪种事件。"),
    "no_kind": _("本单位没有登记这种预警，请先在“预警种类”中登记，再重新处理。"),
    "no_colour": _("看不出预警级别。"),
    "other_colour": _("本单位登记的这种预警没有这个级别，请先修改“预警种类”，再重新处理。"),
    "refused": _("起草预警时被拒绝。"),
}
REMARKS: Mapping[str, _StrPromise] = {
    "encoding": _("声明的编码与实际不符，已按实际编码读取。"),
    "namespace": _("命名空间与规定不同。"),
    "case": _("大小写与规定不同。"),
    "spelling": _("名称的拼写与规定不同。"),
    "blanks": _("有多余的空格。"),
    "zone": _("没有写时区，按北京时间读取。"),
    "separator": _("分隔符与规定不同。"),
    "form": _("写法与规定不同。"),
    "unknown": _("取值不在规定之内。"),
    "reserved": _("取值留待将来使用。"),
    "missing": _("缺少应填的内容。"),
    "repeated": _("重复出现。"),
    "ignored": _("规定以外的元素，没有读取。"),
    "unit": _("带有单位，已换算。"),
    "short_sender_code": _("发布单位编码为 11 位。"),
    "numbered": _("编号末尾带有序号。"),
    "not_listed": _("事件类型不在编码表内。"),
    "order": _("坐标的先后由数值判断。"),
    "mismatch": _("与其他内容不一致，以字段为准。"),
    "wording": _("用词与规定不同。"),
    "not_verified": _("带有签名。该来源没有登记证书，没有验证。"),
    "no_area": _("没有给出能识别的区域，草稿里须自行选定。"),
    "unknown_codes": _("有的区划代码不在本单位辖区内，没有采用。"),
    "cut": _("文字太长，草稿里只取前面一部分。"),
}
LOSSES: Mapping[str, _StrPromise] = {
    "personal": _("属个人信息，没有采用。"),
    "other_word": _("换成最接近的取值。"),
    "unknown_word": _("取值不认识，按“不明”处理。"),
    "no_shape": _("是一条线而不是面，没有采用；区划代码照用。"),
    "assumed": _("报文没有写，按编号中的时间推定。"),
    "form": _("写法不合规定，没有采用。"),
}

# What stood in the way of a look, by how the fault ends: a name may stand before it.
FAULTS: Mapping[str, _StrPromise] = {
    "no address": _("地址不对。"),
    "unknown host": _("找不到这台主机，请核对地址和域名解析。"),
    "a network that is not allowed": _("地址在没有放行的网段，请由运维人员设置 ANLAN_ALERT_NETWORKS。"),
    "too many redirections": _("转向次数过多。"),
    "too slow": _("对方太慢，没有取完。"),
    "too long": _("超过大小上限。"),
    "ConnectionRefusedError": _("对方拒绝连接。"),
    "ConnectionResetError": _("连接中断。"),
    "RemoteDisconnected": _("连接中断。"),
    "TimeoutError": _("对方没有应答。"),
    "SSLCertVerificationError": _("对方的 TLS 证书不受信任。"),
    "SSLError": _("与对方建立不了 TLS 连接。"),
    "HTTP 401": _("对方要求登录（HTTP 401）。"),
    "HTTP 403": _("对方拒绝访问（HTTP 403）。"),
    "HTTP 404": _("对方没有这个地址（HTTP 404）。"),
    "Permission denied": _("服务用户没有读写权限。"),
    "No such file or directory": _("找不到文件或文件夹。"),
    "No space left on device": _("磁盘已满。"),
    "BrokenFeed": _("不是 Atom 或 RSS。"),
    "BrokenXml": _("不是能读的 XML。"),
}

CAPABILITIES = {
    "connect.alert.read": _("查看外部预警来源和报文"),
    "connect.alert.edit": _("维护外部预警来源"),
    "connect.alert.export": _("导出外部预警来源"),
    "connect.alert.deliver": _("送入外部预警报文"),
    "connect.alert.replay": _("重新处理、处置隔离的外部预警报文"),
    "connect.alert.settle": _("按外部预警报文起草预警"),
    "connect.alert.poll": _("定时收取外部预警报文"),
}
# What the node does by itself with what came in.
POWERS = frozenset(
    {
        "connect.alert.read",
        "connect.alert.deliver",
        "connect.alert.settle",
        "connect.alert.poll",
        "watch.warning.read",
        "watch.warning.draft",
    }
)
SHORTEST_INTERVAL = timedelta(seconds=5)
