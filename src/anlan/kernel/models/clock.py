"""Clocks: what time it is in real life (one row) and in each exercise, which may run faster, slower or stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now
from anlan.kernel.models.moments import is_readable

if TYPE_CHECKING:
    from datetime import datetime

REAL = 1
FASTEST = 3600.0  # an hour in a second; what falls due would follow no longer


class Clock(models.Model):
    """Domain time = origin + (real time − started) × rate; while paused it stands at the moment of the pause.

    The database knows the same sum as the function `domain_now(clock_id)`, so that what falls due is found in SQL.
    """

    origin_at = models.DateTimeField(_("起始时刻"), default=real_now)
    started_at = models.DateTimeField(_("对应的真实时间"), default=real_now)
    rate = models.FloatField(_("倍率"), default=1.0)
    paused_at = models.DateTimeField(_("暂停于（真实时间）"), null=True, blank=True)

    class Meta:
        verbose_name = _("时钟")
        verbose_name_plural = _("时钟")
        constraints = (
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="clock_runs_forward"),
            models.CheckConstraint(
                condition=is_readable("origin_at")
                & is_readable("started_at")
                & is_readable("paused_at")
                & models.Q(rate__lte=FASTEST),
                name="clock_readable",
            ),
        )

    def __str__(self) -> str:
        return f"{self.pk} ×{self.rate}"

    def at(self, real: datetime) -> datetime:
        """Domain time at a moment of real time."""
        return self.origin_at + ((self.paused_at or real) - self.started_at) * self.rate
