"""Obligations: who owes what, about which record, by when; the rules they come from; what was told when it was late."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now
from anlan.kernel.models.clock import REAL
from anlan.kernel.models.moments import readable
from anlan.kernel.scope import ScopedManager
from anlan.kernel.terms import Every, ObligationState, RuleEffect, Rung


class Rule(models.Model):
    """A duty as data, with its source. Of several of one code, the most special region in effect on the day holds.

    region        leading figures of the unit codes it holds for; blank: everywhere
    certain       False where its figures are not verified: they are shown as such and may be changed
    conditions    field of the opening event → the values it must have, or no condition
    owners_field  field of the event that lists the owing units' ids; blank: the unit of the event
    subject_field, subject_kind   field of the event that names the record it is about; blank: the event's own subject
    post          code of the post that owes it; blank: the unit as a whole
    moment_field  field of the event with the moment the limit runs from; blank: when it happened
    limit         time allowed after that moment; working_days instead counts whole working days
    every         how often it recurs; blank: not by itself
    again         whether an event may open it anew for the same record once it has ended
    due_month, due_day   within the period, negative from its end; None: its end. The day ends at 24:00
    unit_kinds    kinds of unit that owe a recurring duty
    count         how often it must be done in the period
    reminders     how long before the due time the owner is reminded
    ladder        [{"after": seconds past due, "levels_up": 0 for the unit itself, 1 for the one above …}]
    """

    code = models.CharField(_("代码"), max_length=64)
    name = models.CharField(_("名称"), max_length=120)
    source = models.CharField(_("依据"), max_length=240)
    region = models.CharField(_("适用地区"), max_length=12, blank=True)
    from_on = models.DateField(_("施行日期"))
    until_on = models.DateField(_("失效日期"), null=True, blank=True)
    certain = models.BooleanField(_("已核实"), default=True)
    conditions = models.JSONField(_("适用条件"), default=dict, blank=True)
    owners_field = models.CharField(_("责任单位字段"), max_length=32, blank=True)
    subject_field = models.CharField(_("对象字段"), max_length=32, blank=True)
    subject_kind = models.CharField(_("对象类别"), max_length=64, blank=True)
    post = models.CharField(_("责任岗位"), max_length=64, blank=True)
    moment_field = models.CharField(_("起算字段"), max_length=32, blank=True)
    limit = models.DurationField(_("时限"), null=True, blank=True)
    working_days = models.PositiveSmallIntegerField(_("工作日数"), null=True, blank=True)
    every = models.CharField(_("周期"), max_length=10, choices=Every, blank=True)
    again = models.BooleanField(_("可再次产生"), default=False)
    due_month = models.SmallIntegerField(_("期内第几月"), null=True, blank=True)
    due_day = models.SmallIntegerField(_("月内第几日"), null=True, blank=True)
    unit_kinds = ArrayField(
        models.CharField(max_length=32), verbose_name=_("适用单位类别"), default=list, blank=True
    )
    count = models.PositiveSmallIntegerField(_("期内次数"), default=1)
    reminders = ArrayField(models.DurationField(), verbose_name=_("提前提醒"), default=list, blank=True)
    ladder = models.JSONField(_("逾期告知"), default=list, blank=True)
    edited_at = models.DateTimeField(_("修改时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("履责规则")
        verbose_name_plural = _("履责规则")
        constraints = (
            models.UniqueConstraint(fields=("code", "region", "from_on"), name="rule_once"),
            models.CheckConstraint(
                condition=Q(limit__isnull=False, working_days__isnull=True, every="")
                | Q(limit__isnull=True, working_days__isnull=False, every="")
                | (Q(limit__isnull=True, working_days__isnull=True) & ~Q(every="")),
                name="rule_has_one_limit",
            ),
            models.CheckConstraint(condition=Q(count__gte=1), name="rule_counts"),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gt=F("from_on")),
                name="rule_ends_after_it_begins",
            ),
        )

    def __str__(self) -> str:
        return self.name


class RuleEvent(models.Model):
    """What an event does to a rule's obligations: opens them, fulfils them, …"""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="events", verbose_name=_("履责规则"))
    event = models.CharField(_("事件"), max_length=96)
    effect = models.CharField(_("作用"), max_length=10, choices=RuleEffect)

    class Meta:
        verbose_name = _("规则事件")
        verbose_name_plural = _("规则事件")
        constraints = (models.UniqueConstraint(fields=("event", "effect", "rule"), name="rule_event_once"),)

    def __str__(self) -> str:
        return f"{self.event} → {self.effect}"


class Obligation(models.Model):
    """One duty of one unit (or one of its posts) about one record, with its clock.

    subject     the record it is about; of a recurring duty the owing unit itself
    period      "2026", "2026-H1", "2026-Q3", "2026-07", "2026-W30" or "2026-07-01" of a recurring duty; of one that
                may come again the number of the entry that opened it; else blank
    due_at      domain time of `clock`; moves by the length of each pause
    step        how many of the rule's reminders and rungs have been taken
    opened_entry, ended_entry   the journal entries that opened it, and fulfilled, waived or withdrew it
    """

    rule = models.ForeignKey(Rule, models.PROTECT, related_name="+", verbose_name=_("履责规则"))
    unit = models.ForeignKey(
        "kernel.Unit", models.PROTECT, db_index=False, related_name="+", verbose_name=_("责任单位")
    )
    post = models.CharField(_("责任岗位"), max_length=64, blank=True)
    exercise = models.ForeignKey(
        "kernel.Exercise", models.PROTECT, null=True, related_name="+", verbose_name=_("所属演练")
    )
    clock = models.ForeignKey(
        "kernel.Clock", models.PROTECT, default=REAL, db_index=False, related_name="+", verbose_name=_("时钟")
    )
    subject_kind = models.CharField(_("对象类别"), max_length=64)
    subject = models.CharField(_("对象"), max_length=64)
    period = models.CharField(_("所属期"), max_length=20, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=ObligationState, default=ObligationState.OPEN)
    opened_at = models.DateTimeField(_("产生时间"))
    due_at = models.DateTimeField(_("期限"))
    paused_at = models.DateTimeField(_("中止时间"), null=True)
    ended_at = models.DateTimeField(_("办结时间"), null=True)
    count = models.PositiveSmallIntegerField(_("应办次数"), default=1)
    done = models.PositiveSmallIntegerField(_("已办次数"), default=0)
    step = models.PositiveSmallIntegerField(_("已告知级数"), default=0)
    opened_entry_id = models.BigIntegerField(_("产生依据"), null=True)
    ended_entry_id = models.BigIntegerField(_("办结依据"), null=True)

    objects = ScopedManager()
    unscoped = models.Manager()

    class Meta:
        base_manager_name = "unscoped"
        verbose_name = _("履责事项")
        verbose_name_plural = _("履责事项")
        constraints = (
            models.UniqueConstraint(
                fields=("rule", "unit", "post", "subject_kind", "subject", "period", "exercise"),
                nulls_distinct=False,
                name="obligation_once",
            ),
            readable("obligation_readable", "opened_at", "due_at", "paused_at", "ended_at"),
        )
        indexes = (
            models.Index(fields=("unit", "due_at"), name="open_of_unit", condition=Q(state="open")),
            models.Index(fields=("due_at", "id"), name="open_by_due", condition=Q(state="open")),
            models.Index(fields=("unit", "-ended_at"), name="ended_of_unit", condition=~Q(state="open")),
            models.Index(fields=("-ended_at", "-id"), name="ended_by_time", condition=~Q(state="open")),
            models.Index(fields=("due_at", "id"), name="paused_by_due", condition=Q(state="paused")),
            models.Index(
                fields=("-ended_at", "-id"),
                name="released_by_time",
                condition=Q(state__in=("waived", "withdrawn")),
            ),
            models.Index(fields=("subject_kind", "subject"), name="obligation_of_subject"),
        )

    def __str__(self) -> str:
        return self.rule.name

    @property
    def is_open(self) -> bool:
        return self.state == ObligationState.OPEN


class Escalation(models.Model):
    """A unit was reminded of an obligation, or told that it is late; each step of an obligation once."""

    obligation = models.ForeignKey(
        Obligation, models.CASCADE, db_index=False, related_name="escalations", verbose_name=_("履责事项")
    )
    step = models.PositiveSmallIntegerField(_("级数"))
    rung = models.CharField(_("类别"), max_length=10, choices=Rung)
    unit = models.ForeignKey(
        "kernel.Unit", models.PROTECT, db_index=False, related_name="+", verbose_name=_("告知单位")
    )
    at = models.DateTimeField(_("告知时间"))
    recorded_at = models.DateTimeField(_("记录时间"), default=real_now)

    class Meta:
        verbose_name = _("告知记录")
        verbose_name_plural = _("告知记录")
        constraints = (
            models.UniqueConstraint(fields=("obligation", "step"), name="escalated_once"),
            readable("escalation_readable", "at"),
        )
        indexes = (models.Index(fields=("unit", "-at"), name="told_to_unit"),)

    def __str__(self) -> str:
        return f"{self.obligation_id}:{self.step}"


class Holiday(models.Model):
    """A day on which the calendar differs from the week: a public holiday, or a weekend day worked instead."""

    on = models.DateField(_("日期"), primary_key=True)
    working = models.BooleanField(_("上班"))
    name = models.CharField(_("名称"), max_length=32)
    source = models.CharField(_("依据"), max_length=120)

    class Meta:
        verbose_name = _("节假日安排")
        verbose_name_plural = _("节假日安排")

    def __str__(self) -> str:
        return f"{self.on} {self.name}"
