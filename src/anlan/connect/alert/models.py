"""Outside warnings: where they come from, and each message as it came."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.connect.alert.terms import (
    FAULTS,
    MARKS,
    PROBLEMS,
    SHORTEST_INTERVAL,
    STATUSES,
    TYPES,
    Format,
    MessageState,
    SourceKind,
    Why,
)
from anlan.kernel.clock import real_now
from anlan.kernel.models import Record, Registered
from anlan.kernel.search import PINYIN
from anlan.watch.warning.models import EarlyWarning, WarningIssue

CODE = re.compile(r"\A[a-z0-9][a-z0-9-]{1,31}\Z")  # a validator looks for it anywhere
WHERE = {SourceKind.FOLDER: "folder", SourceKind.FEED: "address"}


class AlertSource(Record, Registered):
    """One body or system whose warnings come in by one door, for the unit that receives them.

    exercise      what comes from it belongs to that exercise, whatever a message says of itself; None: real life
    code          part of the address that it delivers to
    folder        below the node's folder for outside warnings
    interval      between two looks into the folder or at the feed
    patience      how long an update waits for the message it follows
    silent_after  without a sign of life for so long somebody must look into it; None: it may be silent
    certificates  PEM, of signers that are trusted and of their authorities
    receipts      whether each file is answered by an acknowledgement beside it
    """

    SEARCHED = ("name", "code")
    IS_REFERENCE = False

    code = models.CharField(
        _("代号"),
        max_length=32,
        validators=[RegexValidator(CODE, _("小写字母、数字和短横，2—32 位。"))],
        help_text=_("小写字母、数字和短横，2—32 位，如 met。推送的地址以它结尾，登记后不能改。"),
    )
    name = models.CharField(_("来源名称"), max_length=60, db_collation=PINYIN)
    kind = models.CharField(_("接收方式"), max_length=8, choices=SourceKind)
    format = models.CharField(_("报文格式"), max_length=8, choices=Format, default=Format.AUTO)
    folder = models.CharField(
        _("文件夹"), max_length=32, blank=True, help_text=_("“监视文件夹”须填；小写字母、数字和短横。")
    )
    address = models.CharField(
        _("订阅源地址"), max_length=500, blank=True, help_text=_("“订阅源”须填；CAP 的 Atom 或 RSS。")
    )
    interval = models.DurationField(
        _("检查间隔"),
        default=timedelta(seconds=30),
        help_text=_("时:分:秒。文件夹和订阅源多久看一次，不少于 5 秒。"),
    )
    patience = models.DurationField(
        _("等待首发报文"),
        default=timedelta(minutes=10),
        help_text=_("时:分:秒。变更报文先到时，等首发报文多久；过后按首发处理。"),
    )
    silent_after = models.DurationField(
        _("失联时限"),
        null=True,
        blank=True,
        help_text=_("时:分:秒，如 24:00:00。超过多久没有动静算失联；不填则不报。"),
    )
    certificates = models.TextField(
        _("信任的证书"), max_length=60_000, blank=True, help_text=_("PEM，签名者的证书或签发机构的证书。")
    )
    signature_required = models.BooleanField(_("必须签名"), default=False)
    receipts = models.BooleanField(
        _("写回执"), default=False, help_text=_("文件夹来源：为每个文件写 12379 回执，放在 ack 文件夹。")
    )

    class Meta(Record.Meta):
        verbose_name = _("外部预警来源")
        verbose_name_plural = _("外部预警来源")
        indexes = (
            models.Index(fields=("name", "id"), name="alertsource_by_name"),
            models.Index(
                fields=("name", "id"), name="alertsource_retired", condition=Q(retired_at__isnull=False)
            ),
            GinIndex(fields=("search",), name="alertsource_search"),
        )
        constraints = (
            models.UniqueConstraint(fields=("code",), name="alertsource_code_once"),
            models.UniqueConstraint(
                fields=("folder",), condition=~Q(folder=""), name="alertsource_folder_once"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """raises ValidationError where the door cannot work as it is described"""
        problems: dict[str, str] = {}
        for kind, name in WHERE.items():
            value = getattr(self, name).strip()
            setattr(self, name, value if self.kind == kind else "")
            if self.kind == kind and not value:
                problems[name] = gettext("这种接收方式必须填写。")
        if self.folder and not CODE.fullmatch(self.folder):
            problems["folder"] = gettext("只写一个名称：小写字母、数字和短横，2—32 位。")
        if self.address and not _is_address(self.address):
            problems["address"] = gettext("请写完整的 http:// 或 https:// 地址，不带用户名和密码。")
        if self.interval < SHORTEST_INTERVAL:
            problems["interval"] = gettext("不少于 5 秒。")
        try:
            held = self.trusted
        except ValueError:
            problems["certificates"] = gettext("证书读不了，请粘贴完整的 PEM 文本。")
        else:
            if self.signature_required and not held:
                problems["certificates"] = gettext("要求签名的来源必须登记信任的证书。")
        if problems:
            raise ValidationError(problems)

    @property
    def trusted(self) -> list[x509.Certificate]:
        """raises ValueError for what is no certificate"""
        text = self.certificates.strip()
        return x509.load_pem_x509_certificates(text.encode()) if text else []

    @property
    def is_polled(self) -> bool:
        return self.kind in WHERE


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


class SourceState(models.Model):
    """How a source is doing; it changes by itself. Who takes a message of a source in holds this row: one at a time.

    heard_at    the last sign of life: a message, or a feed that answered
    rest_until  after failures it is left alone until then
    etag, modified   what the feed said of itself, for conditional requests
    """

    source = models.OneToOneField(
        AlertSource, models.CASCADE, primary_key=True, related_name="state", verbose_name=_("来源")
    )
    heard_at = models.DateTimeField(_("最近动静"), null=True)
    message_at = models.DateTimeField(_("最近报文"), null=True)
    polled_at = models.DateTimeField(_("最近检查"), null=True)
    failures = models.PositiveIntegerField(_("连续失败次数"), default=0)
    fault = models.CharField(_("最近的错误"), max_length=200, blank=True)
    fault_at = models.DateTimeField(_("出错时间"), null=True)
    rest_until = models.DateTimeField(_("暂停到"), null=True)
    silent_since = models.DateTimeField(_("失联时间"), null=True)
    etag = models.CharField(_("ETag"), max_length=200, blank=True)
    modified = models.CharField(_("Last-Modified"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("来源状态")
        verbose_name_plural = _("来源状态")

    def __str__(self) -> str:
        return str(self.source_id)

    @property
    def fault_label(self) -> str:
        """The latest fault in words; one that nobody has words for as it is."""
        known = next((end for end in FAULTS if self.fault.endswith(end)), "")
        return self.fault.removesuffix(known) + str(FAULTS[known]) if known else self.fault


class FeedEntry(models.Model):
    """An entry of a feed whose message has been taken in; forgotten once the feed has it no more."""

    source = models.ForeignKey(AlertSource, models.CASCADE, related_name="+", verbose_name=_("来源"))
    key = models.CharField(_("条目摘要"), max_length=64)

    class Meta:
        verbose_name = _("订阅条目")
        verbose_name_plural = _("订阅条目")
        constraints = (models.UniqueConstraint(fields=("source", "key"), name="feedentry_once"),)

    def __str__(self) -> str:
        return self.key


class AlertMessage(Record):
    """One message as it came, and what became of it.

    name         the file's name, or the entry's address; blank: it was delivered
    sha256       of the bytes as they came
    identity     digest of sender, identifier and time, by which a message is the same; blank: not understood, or a false copy
    refers_to    identifiers that it follows
    chain        messages about the same event share it
    problems     list of {code, path, line, detail}
    remarks      what was forgiven: list of {code, path, found}
    losses       what its format could not carry over: list of {code, path}
    copies       how often the same came again
    is_first     its patience is over: it is taken as the first of its chain
    """

    source = models.ForeignKey(AlertSource, models.PROTECT, related_name="messages", verbose_name=_("来源"))
    name = models.CharField(_("文件名"), max_length=300, blank=True)
    received_at = models.DateTimeField(_("收到时间"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    identity = models.CharField(_("标识"), max_length=64, blank=True)
    format = models.CharField(_("格式"), max_length=8, choices=Format, blank=True)
    sender = models.CharField(_("发送者"), max_length=200, blank=True)
    identifier = models.CharField(_("报文编号"), max_length=200, blank=True)
    sent_at = models.DateTimeField(_("发出时间"), null=True)
    message_type = models.CharField(_("报文类型"), max_length=8, blank=True)
    status = models.CharField(_("报文状态"), max_length=10, blank=True)
    headline = models.CharField(_("标题"), max_length=300, blank=True)
    refers_to = ArrayField(models.CharField(max_length=200), verbose_name=_("引用"), default=list)
    chain = models.UUIDField(_("同一预警"), db_index=True)
    state = models.CharField(_("状态"), max_length=12, choices=MessageState, default=MessageState.WAITING)
    why = models.CharField(_("原因"), max_length=12, choices=Why, default=Why.NEW)
    problems = models.JSONField(_("问题"), default=list)
    remarks = models.JSONField(_("放过的毛病"), default=list)
    losses = models.JSONField(_("没有采用的内容"), default=list)
    copies = models.PositiveIntegerField(_("重复收到"), default=0)
    is_first = models.BooleanField(_("不再等待首发"), default=False)
    replayed_at = models.DateTimeField(_("重新处理时间"), null=True)
    settled_at = models.DateTimeField(_("处理时间"), null=True)
    issue = models.ForeignKey(
        WarningIssue, models.PROTECT, null=True, related_name="+", verbose_name=_("预警信息")
    )
    warning = models.ForeignKey(
        EarlyWarning, models.PROTECT, null=True, related_name="+", verbose_name=_("预警")
    )

    class Meta(Record.Meta):
        verbose_name = _("外部预警报文")
        verbose_name_plural = _("外部预警报文")
        indexes = (
            models.Index(fields=("-received_at", "id"), name="alertmessage_by_time"),
            models.Index(fields=("source", "-received_at"), name="alertmessage_of_source"),
            models.Index(fields=("source", "identifier"), name="alertmessage_named"),
            models.Index(fields=("warning",), name="alertmessage_waiting", condition=Q(state="waiting")),
            GinIndex(fields=("refers_to",), name="alertmessage_refers"),
        )
        constraints = (
            models.UniqueConstraint(fields=("source", "sha256"), name="alertmessage_bytes_once"),
            models.UniqueConstraint(
                fields=("source", "identity"), condition=~Q(identity=""), name="alertmessage_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=MessageState.values), name="alertmessage_state_known"
            ),
        )

    def __str__(self) -> str:
        return (
            self.headline
            or self.identifier
            or self.name
            or gettext("没有读懂的报文 %(digest)s") % {"digest": self.sha256[:8]}
        )

    @property
    def is_quarantined(self) -> bool:
        return self.state == MessageState.QUARANTINED

    @property
    def mark(self) -> str:
        return MARKS[MessageState(self.state)]

    @property
    def type_label(self) -> str:
        return str(TYPES.get(self.message_type, self.message_type))

    @property
    def status_label(self) -> str:
        return str(STATUSES.get(self.status, self.status))

    @property
    def reason(self) -> str:
        """Why it has its state; of what is broken, what is wrong first of all."""
        if self.is_quarantined and self.problems:
            code = self.problems[0]["code"]
            return str(PROBLEMS.get(code, code))
        return self.get_why_display()

    @property
    def waits_until(self) -> datetime | None:
        """When an update stops to wait for what it follows; None for all others."""
        if self.state != MessageState.WAITING or self.why != Why.PARENT or self.message_type != "Update":
            return None
        return self.received_at + self.source.patience


class RawMessage(models.Model):
    """The bytes of a message as they came. They stand apart: a message changes, they never do."""

    message = models.OneToOneField(
        AlertMessage, models.PROTECT, primary_key=True, related_name="raw", verbose_name=_("报文")
    )
    content = models.BinaryField(_("原文"))
    kept_at = models.DateTimeField(_("留存时间（真实时间）"), default=real_now)

    class Meta:
        verbose_name = _("报文原文")
        verbose_name_plural = _("报文原文")

    def __str__(self) -> str:
        return str(self.message_id)
