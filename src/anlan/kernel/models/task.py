"""Long work that a person started, watches and may cancel: an import, an export, a calculation."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now
from anlan.kernel.ids import uuid7
from anlan.kernel.terms import TaskState


class LongTask(models.Model):
    """One piece of long work; it belongs to who asked for it.

    kind       name under which the work is declared (anlan.kernel.tasks)
    arguments  what it was asked to do, as JSON
    done, total   progress in units of the work's own; total 0: not known yet
    result     what it says at the end, as JSON; until then its checkpoint
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("类别"), max_length=64)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("发起人")
    )
    posting_id = models.BigIntegerField(_("以何授权"), null=True)
    token = models.ForeignKey(
        "kernel.MachineToken", models.PROTECT, null=True, related_name="+", verbose_name=_("以何令牌")
    )
    exercise = models.ForeignKey(
        "kernel.Exercise", models.PROTECT, null=True, related_name="+", verbose_name=_("所属演练")
    )
    arguments = models.JSONField(_("参数"), default=dict)
    state = models.CharField(_("状态"), max_length=10, choices=TaskState, default=TaskState.WAITING)
    done = models.PositiveBigIntegerField(_("已完成"), default=0)
    total = models.PositiveBigIntegerField(_("总数"), default=0)
    asked_at = models.DateTimeField(_("发起时间"), default=real_now)
    begun_at = models.DateTimeField(_("开始时间"), null=True)
    ended_at = models.DateTimeField(_("结束时间"), null=True)
    cancelled_at = models.DateTimeField(_("要求取消时间"), null=True)
    result = models.JSONField(_("结果"), default=dict)
    error = models.CharField(_("错误"), max_length=240, blank=True)
    file = models.ForeignKey(
        "kernel.StoredFile", models.PROTECT, null=True, related_name="+", verbose_name=_("结果文件")
    )

    class Meta:
        verbose_name = _("后台任务")
        verbose_name_plural = _("后台任务")
        indexes = (models.Index(fields=("asked_by", "-id"), name="task_of_user"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
