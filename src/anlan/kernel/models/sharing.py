"""Sharing: a matter is opened to further units, and with it every record that belongs to it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now
from anlan.kernel.models.moments import readable


class Share(models.Model):
    """A unit meets the records of a matter as if they were its own.

    matter      id of the record that is the matter (its `matter` field is its own id)
    reads_only  whether only capabilities to read hold through it
    """

    matter = models.UUIDField(_("所属事项"))
    unit = models.ForeignKey("kernel.Unit", models.PROTECT, related_name="+", verbose_name=_("共享单位"))
    reads_only = models.BooleanField(_("只读"), default=True)
    from_at = models.DateTimeField(_("生效时间"), default=real_now)
    until_at = models.DateTimeField(_("失效时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("共享")
        verbose_name_plural = _("共享")
        constraints = (
            models.UniqueConstraint(
                fields=("matter", "unit"), condition=Q(until_at__isnull=True), name="shared_once"
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("from_at")),
                name="share_ends_after_it_begins",
            ),
            readable("share_readable", "from_at", "until_at"),
        )

    def __str__(self) -> str:
        return f"{self.matter}→{self.unit_id}"
