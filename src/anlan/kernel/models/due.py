"""Machine timers: what a program is to do at a moment of domain time. One scanner fires them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kernel.models.clock import REAL
from anlan.kernel.models.moments import readable


class Due(models.Model):
    """One timer, by the kind of work and a key of its own within that kind.

    at        domain time of `clock`
    key       of the record that says the rest
    error     why the last attempt failed; it is tried again with growing pauses
    """

    clock = models.ForeignKey(
        "kernel.Clock", models.CASCADE, default=REAL, db_index=False, related_name="+", verbose_name=_("时钟")
    )
    at = models.DateTimeField(_("到时"))
    kind = models.CharField(_("类别"), max_length=64)
    key = models.CharField(_("键"), max_length=80)
    attempts = models.PositiveSmallIntegerField(_("已尝试次数"), default=0)
    error = models.TextField(_("错误"), blank=True)

    class Meta:
        verbose_name = _("定时事项")
        verbose_name_plural = _("定时事项")
        constraints = (
            models.UniqueConstraint(fields=("kind", "key"), name="due_once"),
            readable("due_readable", "at"),
        )
        indexes = (
            models.Index(fields=("clock", "at"), name="due_in_order"),
            models.Index(fields=("id",), name="due_failing", condition=models.Q(attempts__gt=0)),
        )

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"
