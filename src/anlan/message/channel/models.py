"""Carriers, what is said, each attempt to reach somebody, and what people reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.kernel import personal
from anlan.kernel.clock import real_now
from anlan.kernel.models import Record, Registered
from anlan.kernel.scope import ScopedManager
from anlan.kernel.search import PINYIN
from anlan.message.channel.terms import (
    MARKS,
    MOST_IN_A_BATCH,
    Answer,
    Channel,
    DeliveryState,
    Fault,
    Priority,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from anlan.kernel.personal import Mask

PLACES = ("name", "link", "reply")
REAL, TESTS = 0, -1  # sides that are no exercise's
SCHEMES = {
    Channel.SMS: ("https", "http"),
    Channel.VOICE: ("https", "http"),
    Channel.EMAIL: ("smtp", "smtps"),
}
NOT_OURS = Q(channel__in=(Channel.SMS, Channel.VOICE, Channel.EMAIL))
MARK_OF = {
    DeliveryState.QUEUED: "waiting",
    DeliveryState.LEASED: "doing",
    DeliveryState.HANDED: "doing",
    DeliveryState.WITHDRAWN: "stopped",
    DeliveryState.FAILED: "failed",
    DeliveryState.DELIVERED: "open",
    DeliveryState.HEARD: "open",
    DeliveryState.ANSWERED: "done",
}


def fault_in_words(fault: str) -> str:
    """Our word for a fault; a service's own words stand as they are."""
    return str(dict(Fault.choices).get(fault, fault))


class Carrier(Record, Registered):
    """An outside service that hands messages on: an SMS gateway, a call platform, a mail server.

    code        by which it is named in addresses of callbacks and in the file of secrets; its secret is kept nowhere else
    driver      folder below drivers/
    rank        the lowest that is up takes what there is; those of equal rank share it
    pace_per_s  messages or calls a second, at most; None: as fast as it takes them
    batch       of one request
    sender      what it shows as sender: number or address; blank: its own
    simulated   it reaches nobody. Entered once: what is real never becomes a simulation, nor the other way round
    exercise    the only exercise that it serves; None: any
    """

    SEARCHED: ClassVar[tuple[str, ...]] = ("name", "code")

    code = models.SlugField(_("代号"), max_length=24)
    name = models.CharField(_("渠道名称"), max_length=60, db_collation=PINYIN)
    channel = models.CharField(
        _("方式"), max_length=8, choices=[c for c in Channel.choices if c[0] != Channel.APP]
    )
    driver = models.CharField(_("接口"), max_length=24)
    address = models.CharField(_("接口地址"), max_length=200)
    sender = models.CharField(_("发件号码或邮箱"), max_length=120, blank=True)
    rank = models.PositiveSmallIntegerField(_("顺序"), default=1)
    pace_per_s = models.FloatField(_("每秒最多"), null=True, blank=True)
    batch = models.PositiveSmallIntegerField(_("每批最多"), default=MOST_IN_A_BATCH)
    price_cny = models.DecimalField(_("单价（元）"), max_digits=8, decimal_places=4, default=0)
    simulated = models.BooleanField(_("模拟渠道"), default=False)

    objects: ClassVar[ScopedManager[Any]] = ScopedManager(exercise=None)

    class Meta(Record.Meta):
        verbose_name = _("发送渠道")
        verbose_name_plural = _("发送渠道")
        constraints = (
            models.UniqueConstraint(fields=("code",), name="carrier_code_once"),
            models.CheckConstraint(condition=NOT_OURS, name="carrier_channel_known"),
            models.CheckConstraint(condition=Q(rank__gte=1), name="carrier_rank_from_one"),
            models.CheckConstraint(
                condition=Q(batch__gte=1, batch__lte=MOST_IN_A_BATCH), name="carrier_batch_bounded"
            ),
            models.CheckConstraint(
                condition=Q(pace_per_s__isnull=True) | Q(pace_per_s__gte=0.01, pace_per_s__lte=100_000),
                name="carrier_pace_positive",
            ),
            models.CheckConstraint(condition=Q(price_cny__gte=0), name="carrier_price_not_negative"),
            models.CheckConstraint(
                condition=Q(exercise__isnull=True) | Q(simulated=True), name="carrier_of_exercise_simulated"
            ),
        )
        indexes = (
            models.Index(fields=("name", "id"), name="carrier_by_name"),
            models.Index(
                fields=("name", "id"), name="carrier_retired", condition=Q(retired_at__isnull=False)
            ),
            GinIndex(fields=("search",), name="carrier_search"),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """raises ValidationError where address, pace or batch cannot be"""
        self.address = self.address.strip().rstrip("/")
        if "@" in self.address:
            raise ValidationError({"address": gettext("接口地址里不能写用户名和密码，请写入密钥文件。")})
        schemes = SCHEMES[Channel(self.channel)]
        if not _is_address(self.address, schemes):
            shown = gettext("、").join(f"{scheme}://" for scheme in schemes)
            raise ValidationError(
                {"address": gettext("接口地址应以 %(schemes)s 开头，不带参数。") % {"schemes": shown}}
            )
        if self.channel == Channel.EMAIL and not _is_mail(self.sender):
            raise ValidationError({"sender": gettext("邮件渠道须填写发件邮箱，例如 zhiban@example.cn。")})
        if self.rank < 1:
            raise ValidationError({"rank": gettext("顺序从 1 开始，数字小的先用。")})
        if not 1 <= self.batch <= MOST_IN_A_BATCH:
            raise ValidationError({"batch": gettext("每批应为 1—%(most)s 条。") % {"most": MOST_IN_A_BATCH}})
        if self.pace_per_s is not None and not 0.01 <= self.pace_per_s <= 100_000:
            raise ValidationError({"pace_per_s": gettext("每秒应为 0.01—100000 条，不填则不限。")})
        if self.price_cny < 0:
            raise ValidationError({"price_cny": gettext("单价不能小于 0。")})
        if self.exercise_id is not None and not self.simulated:
            raise ValidationError({"simulated": gettext("演练中只能添加模拟渠道。")})


def _is_address(text: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in schemes
            and bool(parts.hostname)
            and parts.port != 0
            and not parts.query + parts.fragment
        )
    except ValueError:  # of a port or an address in brackets that cannot be
        return False


def _is_mail(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


class CarrierState(models.Model):
    """How a carrier is doing; it changes by itself, so it is no part of the record.

    Whoever takes deliveries for the carrier holds this row meanwhile: that makes its pace exact, however many senders run.

    next_at     earliest moment of the next hand-over
    failures    requests in a row that came to nothing
                after the first it is tried with one message at `next_at`
    down_since  None: it is up. While it is down, others take over
    """

    carrier = models.OneToOneField(
        Carrier, models.CASCADE, primary_key=True, related_name="state", verbose_name=_("发送渠道")
    )
    next_at = models.DateTimeField(_("下次发送"), null=True)
    failures = models.PositiveIntegerField(_("连续失败次数"), default=0)
    down_since = models.DateTimeField(_("中断于"), null=True)
    fault = models.CharField(_("最近的错误"), max_length=200, blank=True)
    fault_at = models.DateTimeField(_("出错时间"), null=True)

    class Meta:
        verbose_name = _("渠道状态")
        verbose_name_plural = _("渠道状态")

    def __str__(self) -> str:
        return str(self.carrier_id)

    @property
    def fault_shown(self) -> str:
        """The last fault in our words, or in the service's own."""
        return fault_in_words(self.fault)


class CarrierPermit(models.Model):
    """A real carrier is open to one exercise, or to tests, until somebody closes it.

    exercise  None: tests
    """

    carrier = models.ForeignKey(Carrier, models.PROTECT, related_name="permits", verbose_name=_("发送渠道"))
    exercise = models.ForeignKey(
        "kernel.Exercise", models.PROTECT, null=True, related_name="+", verbose_name=_("演练")
    )
    opened_at = models.DateTimeField(_("允许时间"), default=real_now)
    opened_by = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, related_name="+", verbose_name=_("允许人")
    )
    closed_at = models.DateTimeField(_("收回时间"), null=True)

    class Meta:
        verbose_name = _("真实渠道使用许可")
        verbose_name_plural = _("真实渠道使用许可")
        constraints = (
            models.UniqueConstraint(
                fields=("carrier", "exercise"),
                condition=Q(closed_at__isnull=True),
                nulls_distinct=False,
                name="permit_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.carrier_id} {self.exercise_id or ''}"


class Wording(models.Model):
    """What is said to many, once: with places {name} {link} {reply} for what differs. The database lets nobody change or delete it.

    is_test   it is a test and says so
    asks      the recipient may answer it by an SMS with a digit. The database sees that from the body
    """

    channel = models.CharField(_("方式"), max_length=8, choices=Channel)
    subject = models.CharField(_("标题"), max_length=200)
    body = models.TextField(_("正文"))
    exercise = models.ForeignKey(
        "kernel.Exercise", models.PROTECT, null=True, related_name="+", verbose_name=_("所属演练")
    )
    is_test = models.BooleanField(_("测试"), default=False)
    asks = models.GeneratedField(
        expression=ExpressionWrapper(Q(body__contains="{reply}"), models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    made_at = models.DateTimeField(_("成文时间"), default=real_now)

    class Meta:
        verbose_name = _("文稿")
        verbose_name_plural = _("文稿")
        constraints = (
            models.CheckConstraint(condition=~Q(body=""), name="wording_says_something"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="wording_channel_known"),
        )

    def __str__(self) -> str:
        return self.subject

    @property
    def mark(self) -> str:
        """What stands before everything that is no real alarm, in every language the same."""
        return MARKS["exercise"] if self.exercise_id else MARKS["test"] if self.is_test else ""

    def filled(self, places: Mapping[str, str], *, keep: Collection[str] = ()) -> tuple[str, str]:
        """Subject and text as one recipient meets them; a place that nothing stands in for falls away.

        keep  places that are left as they stand
        """
        subject, text = self.subject, self.body
        for name in (name for name in PLACES if name not in keep):
            subject = subject.replace(f"{{{name}}}", places.get(name, ""))
            text = text.replace(f"{{{name}}}", places.get(name, ""))
        return self._marked(subject), self._marked(text)

    def _marked(self, text: str) -> str:
        return text if text.startswith(self.mark) else f"{self.mark}{text}"


class Delivery(models.Model):
    """One attempt to reach somebody by one number, from its order to what became of it.

    Units and people are retired, never deleted, and the database lets nobody delete a wording: so it need not ask after
    each of the three for each of thirty thousand rows.

    id          also what a carrier knows it again by, however often it is sent
    use, key    who ordered it, and for what of his; by their bytes (collation C), as thousands are found by them at once
    side        which carriers may have it: REAL, TESTS, or an exercise's id. The database reckons it
    carrier     who has it, or who alone may have it
    due_at      while it is queued or leased: when it may be taken, in real time
    reply       the digit by which an SMS is answered, unique among what is open between that carrier and that number
    ended_at    nothing more is expected of it: nobody's reply is taken for its answer any more
    permanent   of what failed: it would fail again
    """

    PERSONAL: ClassVar[Mapping[str, Mask]] = {"number": personal.contact}

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    unit = models.ForeignKey(
        "kernel.Unit",
        models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
        verbose_name=_("所属单位"),
    )
    exercise = models.ForeignKey(
        "kernel.Exercise",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("所属演练"),
    )
    is_test = models.BooleanField(_("测试"), default=False)
    side = models.GeneratedField(
        expression=Coalesce(
            F("exercise_id"), Case(When(is_test=True, then=Value(TESTS)), default=Value(REAL))
        ),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    use = models.CharField(_("用途"), max_length=16, db_collation="C")
    key = models.CharField(_("对应事项"), max_length=40, db_collation="C")
    person = models.ForeignKey(
        "person.Person",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        verbose_name=_("收件人"),
    )
    number = models.CharField(_("号码"), max_length=120)
    channel = models.CharField(_("方式"), max_length=8, choices=Channel)
    wording = models.ForeignKey(
        Wording,
        models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
        verbose_name=_("文稿"),
    )
    priority = models.PositiveSmallIntegerField(_("缓急"), choices=Priority, default=Priority.ROUTINE)
    state = models.PositiveSmallIntegerField(_("状态"), choices=DeliveryState, default=DeliveryState.QUEUED)
    due_at = models.DateTimeField(_("最早发送"))
    carrier = models.ForeignKey(
        Carrier,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("发送渠道"),
    )
    carrier_ref = models.CharField(_("渠道编号"), max_length=64, blank=True)
    reply = models.PositiveSmallIntegerField(_("回复编号"), null=True)
    attempts = models.PositiveSmallIntegerField(_("发送次数"), default=0)
    parts = models.PositiveSmallIntegerField(_("条数"), default=0)
    cost_cny = models.DecimalField(_("费用（元）"), max_digits=10, decimal_places=4, default=0)
    answer = models.CharField(_("答复方式"), max_length=8, choices=Answer, blank=True)
    fault = models.CharField(_("失败原因"), max_length=120, blank=True)
    permanent = models.BooleanField(_("不必再试"), default=False)
    queued_at = models.DateTimeField(_("提交时间"))
    handed_at = models.DateTimeField(_("交付时间"), null=True)
    delivered_at = models.DateTimeField(_("送达时间"), null=True)
    heard_at = models.DateTimeField(_("听完时间"), null=True)
    answered_at = models.DateTimeField(_("答复时间"), null=True)
    ended_at = models.DateTimeField(_("结束时间"), null=True)

    objects: ClassVar[ScopedManager[Any]] = ScopedManager()
    unscoped = models.Manager()

    class Meta:
        verbose_name = _("投送")
        verbose_name_plural = _("投送")
        base_manager_name = "unscoped"
        constraints = (
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
            models.CheckConstraint(condition=Q(priority__in=Priority.values), name="delivery_priority_known"),
            models.CheckConstraint(
                condition=Q(exercise__isnull=True) | Q(is_test=False), name="delivery_on_one_side"
            ),
        )
        indexes = (
            # What a carrier may take now; each side and priority apart, so that none is waded through for another.
            models.Index(
                fields=("channel", "side", "priority", "due_at"),
                name="delivery_waiting",
                condition=Q(state__lte=DeliveryState.LEASED),
            ),
            models.Index(fields=("use", "key"), name="delivery_of_order"),
            models.Index(fields=("queued_at", "id"), name="delivery_by_time"),
            models.Index(
                fields=("number", "carrier"),
                name="delivery_open_to_reply",
                condition=Q(reply__isnull=False),
            ),
            models.Index(
                fields=("carrier",),
                name="delivery_to_call_off",
                condition=Q(state=DeliveryState.WITHDRAWN, ended_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.shown}"

    @property
    def shown(self) -> str:
        """The number as anybody may see it."""
        return personal.contact(self.number)

    @property
    def fault_shown(self) -> str:
        """Why it failed: our word for it, or the carrier's own."""
        return fault_in_words(self.fault)

    @property
    def mark(self) -> str:
        """Which mark stands before its state (c-state)."""
        return MARK_OF[DeliveryState(self.state)]


class Reply(models.Model):
    """An SMS that came back. Its unit and exercise are those of the delivery it answers, or of its carrier.

    ref       the carrier's id of it, by which a second copy is known
    delivery  what it answers; None: nobody knows
    settled_at  somebody has looked at what could not be matched
    """

    PERSONAL: ClassVar[Mapping[str, Mask]] = {"sender": personal.contact}

    unit = models.ForeignKey("kernel.Unit", models.PROTECT, related_name="+", verbose_name=_("所属单位"))
    exercise = models.ForeignKey(
        "kernel.Exercise", models.PROTECT, null=True, related_name="+", verbose_name=_("所属演练")
    )
    carrier = models.ForeignKey(Carrier, models.PROTECT, related_name="+", verbose_name=_("发送渠道"))
    ref = models.CharField(_("渠道编号"), max_length=64)
    sender = models.CharField(_("号码"), max_length=40)
    text = models.CharField(_("内容"), max_length=500)
    received_at = models.DateTimeField(_("收到时间"))
    delivery = models.ForeignKey(
        Delivery, models.PROTECT, null=True, related_name="replies", verbose_name=_("投送")
    )
    asked_at = models.DateTimeField(_("追问时间"), null=True)
    settled_at = models.DateTimeField(_("处理时间"), null=True)
    settled_by = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, related_name="+", verbose_name=_("处理人")
    )

    objects: ClassVar[ScopedManager[Any]] = ScopedManager()
    unscoped = models.Manager()

    class Meta:
        verbose_name = _("短信回复")
        verbose_name_plural = _("短信回复")
        base_manager_name = "unscoped"
        constraints = (models.UniqueConstraint(fields=("carrier", "ref"), name="reply_once"),)
        indexes = (
            models.Index(
                fields=("received_at",),
                name="reply_unmatched",
                condition=Q(delivery__isnull=True, settled_at__isnull=True),
            ),
            models.Index(fields=("carrier", "sender", "asked_at"), name="reply_asked_back"),
        )

    def __str__(self) -> str:
        return personal.contact(self.sender)

    @property
    def shown(self) -> str:
        return personal.contact(self.sender)
