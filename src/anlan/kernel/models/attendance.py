"""Who takes part in an exercise now: by which session he has entered it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now


class Attendance(models.Model):
    """One session that is in an exercise; what its user sees and does there is the exercise's and nothing else."""

    session_key = models.CharField(_("登录会话"), max_length=40, primary_key=True)
    exercise = models.ForeignKey(
        "kernel.Exercise", models.CASCADE, related_name="attendances", verbose_name=_("演练")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("用户")
    )
    entered_at = models.DateTimeField(_("进入时间"), default=real_now)

    class Meta:
        verbose_name = _("参演")
        verbose_name_plural = _("参演")

    def __str__(self) -> str:
        return f"{self.exercise_id}:{self.user_id}"
