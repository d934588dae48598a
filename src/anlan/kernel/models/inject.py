"""What an exercise brings about, and when: the list that those who direct it work through."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Inject(models.Model):
    """One event of an exercise's list: something is made to happen, or somebody is expected to act.

    at       when, in the exercise's time
    who      whose move it is, in words; blank: it happens by itself
    address  page on which it is done; blank: none
    done_at  None: still to come
    done_by  who did it; None: those who direct the exercise
    failed   it did not come to what was expected; why, in words
    """

    exercise = models.ForeignKey(
        "kernel.Exercise", models.CASCADE, related_name="injects", verbose_name=_("演练")
    )
    number = models.PositiveSmallIntegerField(_("序号"))
    at = models.DateTimeField(_("计划时间（演练）"))
    title = models.CharField(_("事件"), max_length=200)
    who = models.CharField(_("由谁办理"), max_length=60, blank=True)
    address = models.CharField(_("办理页面"), max_length=200, blank=True)
    done_at = models.DateTimeField(_("完成时间（演练）"), null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("办理人")
    )
    failed = models.CharField(_("未达到预期的原因"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("情景注入")
        verbose_name_plural = _("情景注入")
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("exercise", "number"), name="inject_once"),)

    def __str__(self) -> str:
        return self.title
