"""What the relays keep: entries that wait for their handlers, who works on which shard, and what is stuck."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kernel.models.journal import Entry
from anlan.kernel.models.moments import readable

SHARDS = 16


class Pending(models.Model):
    """An entry whose handlers have not run; written with it, gone when they have. Narrow: it is written for every act."""

    entry = models.OneToOneField(
        Entry,
        models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("留痕"),
    )
    shard = models.SmallIntegerField(_("分片"))

    class Meta:
        verbose_name = _("待处理")
        verbose_name_plural = _("待处理")
        indexes = (models.Index(fields=("shard", "entry"), name="pending_in_order"),)

    def __str__(self) -> str:
        return str(self.entry_id)


class Shard(models.Model):
    """One part of all subjects, worked on by one relay at a time; the lease ends in real time."""

    id = models.SmallIntegerField(primary_key=True)
    holder = models.UUIDField(_("占用者"), null=True)
    until = models.DateTimeField(_("占用至"), null=True)

    class Meta:
        verbose_name = _("分片")
        verbose_name_plural = _("分片")

    def __str__(self) -> str:
        return str(self.pk)


class Parked(models.Model):
    """An entry that one handler could not take; later ones of the same subject wait behind it, nothing else does."""

    handler = models.CharField(_("处理程序"), max_length=96)
    entry = models.ForeignKey(
        Entry, models.DO_NOTHING, db_constraint=False, related_name="+", verbose_name=_("留痕")
    )
    subject_kind = models.CharField(_("对象类别"), max_length=64)
    subject = models.CharField(_("对象"), max_length=64)
    attempts = models.PositiveSmallIntegerField(_("已尝试次数"), default=0)
    again_at = models.DateTimeField(_("下次尝试"), null=True)
    error = models.TextField(_("错误"), blank=True)

    class Meta:
        verbose_name = _("受阻的处理")
        verbose_name_plural = _("受阻的处理")
        constraints = (
            models.UniqueConstraint(fields=("handler", "entry"), name="parked_once"),
            readable("parked_readable", "again_at"),
        )
        indexes = (
            models.Index(fields=("handler", "subject_kind", "subject", "entry"), name="parked_in_order"),
            models.Index(fields=("again_at",), name="parked_due"),
        )

    def __str__(self) -> str:
        return f"{self.handler}:{self.entry_id}"
