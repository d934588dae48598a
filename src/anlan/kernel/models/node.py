"""The node itself: whether it is held after a restore, its self-checks, its notices to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now
from anlan.kernel.models.moments import readable
from anlan.kernel.terms import NoticeLevel

if TYPE_CHECKING:
    from datetime import datetime


class NodeState(models.Model):
    """One row. A held node receives and shows, but sends nothing out until an operator has looked."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    held_since = models.DateTimeField(_("保持起始时间"), null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("放行人"),
    )

    class Meta:
        verbose_name = _("节点状态")
        verbose_name_plural = _("节点状态")
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="node_state_is_one_row"),)

    def __str__(self) -> str:
        return str(self.held_since or "")


class SelfCheck(models.Model):
    """A walk through the whole chain, asked for by a person: page → database → worker → relay → live page."""

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("发起人")
    )
    asked_at = models.DateTimeField(_("发起时间"), default=real_now)
    worked_at = models.DateTimeField(_("后台任务完成时间"), null=True)
    relayed_at = models.DateTimeField(_("消息送出时间"), null=True)
    work_count = models.PositiveSmallIntegerField(_("后台任务执行次数"), default=0)

    class Meta:
        verbose_name = _("自检")
        verbose_name_plural = _("自检")
        indexes = (
            models.Index(
                fields=("id",),
                name="self_check_to_relay",
                condition=models.Q(worked_at__isnull=False, relayed_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.pk}"


class NodeNotice(models.Model):
    """A text that everybody on the node sees on top of every page, from–until, in real time."""

    text = models.CharField(_("内容"), max_length=200)
    level = models.PositiveSmallIntegerField(_("级别"), choices=NoticeLevel, default=NoticeLevel.NORMAL)
    from_at = models.DateTimeField(_("开始显示"))
    until_at = models.DateTimeField(_("停止显示"))
    posted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("发布人")
    )
    posted_at = models.DateTimeField(_("发布时间"))

    class Meta:
        verbose_name = _("系统公告")
        verbose_name_plural = _("系统公告")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(until_at__gte=models.F("from_at")), name="node_notice_ends_after_it_begins"
            ),
            readable("node_notice_readable", "from_at", "until_at"),
        )
        indexes = (models.Index(fields=("until_at",), name="node_notice_by_end"),)

    def __str__(self) -> str:
        return self.text

    def is_over_at(self, moment: datetime) -> bool:
        return self.until_at <= max(moment, self.from_at)

    def is_shown_at(self, moment: datetime) -> bool:
        return self.from_at <= moment < self.until_at
