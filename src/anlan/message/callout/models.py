"""Callouts 叫应: who must answer, and how far that has come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.models import MatterRecord
from anlan.kernel.scope import ScopedManager
from anlan.kernel.terms import WarningColour
from anlan.message.callout.terms import DUTY_LINE, TELLS, CalloutState, How, Purpose, RecipientState
from anlan.organisation.post.models import Post

POSTS = [*(Post._meta.get_field("kind").choices or ()), (DUTY_LINE, _("值班电话"))]
TOLD_LABELS: dict[str, Any] = {CalloutState.RUNNING: _("告知中"), CalloutState.COMPLETE: _("全部告知")}


class Callout(MatterRecord):
    """Many are called about one thing, each until he has answered or was visited; of the unit that calls.

    subject_kind, subject   what it is about (an issue of a warning); blank: nothing but its own words
    texts       channel → [subject, body] as they were ordered
    wordings    channel → id of the wording that is kept of it
    ladders     [{"name", "certain", "rungs": [{"at_s", "target", "ways"}]}] as they were when it began
    begun_at    when people were called together: at first, and at each extension; a wave is its place here, from 1
    follows     the callout of the same matter that this one stopped
    """

    subject_kind = models.CharField(_("对象类别"), max_length=64, blank=True)
    subject = models.CharField(_("对象"), max_length=64, blank=True)
    purpose = models.CharField(_("用途"), max_length=12, choices=Purpose)
    title = models.CharField(_("标题"), max_length=200)
    colour = models.CharField(_("级别"), max_length=8, choices=WarningColour, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=CalloutState, default=CalloutState.RUNNING)
    texts = models.JSONField(_("文稿"), default=dict)
    wordings = models.JSONField(_("文稿编号"), default=dict)
    ladders = models.JSONField(_("阶梯"), default=list)
    begun_at = ArrayField(models.DateTimeField(), verbose_name=_("各批开始时间"), default=list)
    started_at = models.DateTimeField(_("发起时间"))
    ended_at = models.DateTimeField(_("结束时间"), null=True)
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", verbose_name=_("接续的叫应")
    )

    class Meta(MatterRecord.Meta):
        verbose_name = _("叫应")
        verbose_name_plural = _("叫应")
        constraints = (
            models.CheckConstraint(condition=Q(state__in=CalloutState.values), name="callout_state_known"),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="callout_purpose_known"),
            models.CheckConstraint(
                condition=Q(state=CalloutState.RUNNING) | Q(ended_at__isnull=False),
                name="callout_ends_with_time",
            ),
        )
        indexes = (
            models.Index(fields=("unit", "-started_at"), name="callout_of_unit"),
            models.Index(
                fields=("matter", "purpose"),
                name="callout_running",
                condition=Q(state=CalloutState.RUNNING),
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def is_running(self) -> bool:
        return self.state == CalloutState.RUNNING

    @property
    def only_tells(self) -> bool:
        return self.purpose in TELLS

    @property
    def state_label(self) -> str:
        """The state in words that fit its purpose."""
        if self.only_tells and self.state in TOLD_LABELS:
            return str(TOLD_LABELS[self.state])
        return str(self.get_state_display())

    @property
    def waves(self) -> int:
        return len(self.begun_at)

    def due_at(self, wave: int, after_s: int) -> datetime:
        """When a rung is due for those who were called together."""
        return self.begun_at[wave - 1] + timedelta(seconds=after_s)

    def step_key(self, wave: int, ladder: int, rung: int) -> str:
        """The key of the timer of one rung for those who were called together."""
        return f"{self.pk}.{wave}.{ladder}.{rung}"

    def step_keys(self) -> list[str]:
        """The keys of all its timers."""
        return [
            self.step_key(wave, ladder, rung)
            for wave in range(1, self.waves + 1)
            for ladder, laid in enumerate(self.ladders)
            for rung in range(len(laid["rungs"]))
        ]


class Recipient(models.Model):
    """One who must answer a callout.

    The state stands in no index, and rows have room beside them: ten thousand answers in a minute are updates in place.

    unit      whose answer it is: the unit of his post, of a grid's the village it lies in
    person    None: whoever answers the unit's own line
    holder    whom he stands in for, who is away
    stand_in  who is called next in his place
    post      his kind of post, or terms.DUTY_LINE
    rung      the last one taken, in the order of the ladder; -1: none yet
    taken_by  somebody is reaching him by himself: no machine calls meanwhile
    """

    id = models.BigAutoField(primary_key=True)
    callout = models.ForeignKey(
        Callout,
        models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="recipients",
        verbose_name=_("叫应"),
    )
    unit = models.ForeignKey(
        "kernel.Unit",
        models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="+",
        verbose_name=_("责任单位"),
    )
    exercise = models.ForeignKey(
        "kernel.Exercise",
        models.PROTECT,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
        verbose_name=_("所属演练"),
    )
    person = models.ForeignKey(
        "person.Person",
        models.PROTECT,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
        verbose_name=_("人员"),
    )
    holder = models.ForeignKey(
        "person.Person",
        models.PROTECT,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
        verbose_name=_("替谁"),
    )
    stand_in = models.ForeignKey(
        "person.Person",
        models.PROTECT,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
        verbose_name=_("替补"),
    )
    post = models.CharField(_("岗位类别"), max_length=24, choices=POSTS)
    ladder = models.PositiveSmallIntegerField(_("阶梯"), default=0)
    wave = models.PositiveSmallIntegerField(_("批次"), default=1)
    rung = models.SmallIntegerField(_("已到第几步"), default=-1)
    rung_at = models.DateTimeField(_("到此步的时间"))
    state = models.PositiveSmallIntegerField(
        _("状态"), choices=RecipientState, default=RecipientState.PENDING
    )
    how = models.CharField(_("确认方式"), max_length=10, choices=How, blank=True)
    ended_at = models.DateTimeField(_("确认时间"), null=True)
    ended_by = models.ForeignKey(
        "kernel.User",
        models.PROTECT,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
        verbose_name=_("登记人"),
    )
    taken_by = models.ForeignKey(
        "kernel.User",
        models.PROTECT,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
        verbose_name=_("接手人"),
    )
    taken_at = models.DateTimeField(_("接手时间"), null=True)

    objects: ClassVar[ScopedManager[Any]] = ScopedManager()
    unscoped = models.Manager()

    class Meta:
        verbose_name = _("叫应对象")
        verbose_name_plural = _("叫应对象")
        base_manager_name = "unscoped"
        constraints = (
            models.UniqueConstraint(
                fields=("callout", "person"), condition=Q(person__isnull=False), name="recipient_once"
            ),
            models.UniqueConstraint(
                fields=("callout", "unit"), condition=Q(person__isnull=True), name="recipient_line_once"
            ),
            models.CheckConstraint(
                condition=Q(state__lt=RecipientState.CONFIRMED, ended_at__isnull=True, how="")
                | Q(state__gte=RecipientState.CONFIRMED, ended_at__isnull=False, how__in=How.values),
                name="recipient_ends_somehow",
            ),
            models.CheckConstraint(
                condition=Q(stand_in__isnull=True) | ~Q(stand_in=F("person")), name="recipient_stood_in_for"
            ),
        )
        indexes = (
            models.Index(fields=("callout", "unit"), name="recipient_of_unit"),
            models.Index(fields=("person", "-id"), name="recipient_mine", condition=Q(person__isnull=False)),
        )

    def __str__(self) -> str:
        return str(self.person or self.unit)

    @property
    def is_open(self) -> bool:
        return self.state < RecipientState.CONFIRMED

    @property
    def state_label(self) -> str:
        """The state in words: who was only reached by a text has not confirmed anything."""
        return str(_("已送达") if self.how == How.DELIVERED else self.get_state_display())


class UpperNotice(models.Model):
    """The duty desk above was told that people of units below it have not answered; its key is that of its deliveries.

    people  how many there were
    """

    callout = models.ForeignKey(Callout, models.PROTECT, related_name="upper_notices", verbose_name=_("叫应"))
    unit = models.ForeignKey(
        "kernel.Unit", models.PROTECT, db_index=False, related_name="+", verbose_name=_("上级单位")
    )
    told_at = models.DateTimeField(_("告知时间"))
    people = models.PositiveIntegerField(_("未确认人数"))

    class Meta:
        verbose_name = _("上级告知")
        verbose_name_plural = _("上级告知")

    def __str__(self) -> str:
        return f"{self.callout_id} {self.unit_id}"
