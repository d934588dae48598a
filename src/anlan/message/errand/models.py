"""Errands 上门核实: somebody goes and knocks, because no other way reaches a person."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.models import Record
from anlan.message.errand.terms import ErrandState, Result


class Errand(Record):
    """One door to knock at; of the unit whose people go.

    about_kind, about   whose answer it is to bring: a record of a higher room
    person              who is to be told; None: whoever can be found of `at_unit`
    at_unit             where he is to be looked for
    title               what he is to be told
    """

    about_kind = models.CharField(_("来源类别"), max_length=64)
    about = models.CharField(_("来源"), max_length=64)
    person = models.ForeignKey(
        "person.Person", models.PROTECT, null=True, related_name="+", verbose_name=_("找谁")
    )
    at_unit = models.ForeignKey("kernel.Unit", models.PROTECT, related_name="+", verbose_name=_("去哪里"))
    title = models.CharField(_("告知内容"), max_length=200)
    state = models.CharField(_("状态"), max_length=10, choices=ErrandState, default=ErrandState.OPEN)
    ordered_at = models.DateTimeField(_("下达时间"))
    ended_at = models.DateTimeField(_("结束时间"), null=True)
    result = models.CharField(_("上门结果"), max_length=10, choices=Result, blank=True)
    visited_by = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, related_name="+", verbose_name=_("登记人")
    )

    class Meta(Record.Meta):
        verbose_name = _("上门任务")
        verbose_name_plural = _("上门任务")
        constraints = (
            models.CheckConstraint(condition=Q(state__in=ErrandState.values), name="errand_state_known"),
            models.UniqueConstraint(
                fields=("about_kind", "about"),
                condition=Q(state=ErrandState.OPEN),
                name="errand_open_once",
            ),
            models.CheckConstraint(
                condition=Q(state=ErrandState.OPEN) | Q(ended_at__isnull=False),
                name="errand_ends_with_time",
            ),
        )
        indexes = (
            models.Index(fields=("unit", "-ordered_at"), name="errand_of_unit"),
            models.Index(fields=("about_kind", "about"), name="errand_of_matter"),
        )

    def __str__(self) -> str:
        return str(self.person or self.at_unit)
