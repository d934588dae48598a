"""Alarm bells: tables."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.models import MatterRecord
from rooms.respond.bell.terms import BellState


class Bell(MatterRecord):
    """One ringing of an alarm bell; it is a matter of its own, and may be shared as one.

    rang_at      when it rang, which may be some while before anybody could enter it
    answered_at  when somebody took charge
    """

    place = models.CharField(_("响铃地点"), max_length=120)
    rang_at = models.DateTimeField(_("响铃时间"))
    entered_at = models.DateTimeField(_("登记时间"))
    answered_at = models.DateTimeField(_("应答时间"), null=True)
    state = models.CharField(_("状态"), max_length=16, choices=BellState, default=BellState.RUNG)

    class Meta(MatterRecord.Meta):
        verbose_name = _("警铃")
        verbose_name_plural = _("警铃")
        indexes = (models.Index(fields=("unit", "-rang_at"), name="bell_of_unit"),)
        constraints = (
            models.CheckConstraint(condition=Q(state__in=BellState.values), name="bell_state_known"),
            models.CheckConstraint(
                condition=Q(rang_at__lte=F("entered_at")), name="bell_rang_before_entered"
            ),
        )

    def __str__(self) -> str:
        return self.place


class Call(models.Model):
    """The rescue team was called to a bell; again, where nobody had answered for a while."""

    bell = models.ForeignKey(Bell, models.CASCADE, related_name="calls", verbose_name=_("警铃"))
    called_at = models.DateTimeField(_("通知时间"))
    again = models.BooleanField(_("再次通知"))

    class Meta:
        verbose_name = _("通知救援队")
        verbose_name_plural = _("通知救援队")

    def __str__(self) -> str:
        return f"{self.bell_id} {self.called_at}"
