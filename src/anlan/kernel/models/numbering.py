"""Numbers of documents: one row a series, unit, period and exercise; its lock makes them gapless."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kernel.terms import Every


class Series(models.Model):
    """How a kind of document is numbered, as data.

    pattern  with {year} {month} {day} {number} {unit}, as "应急〔{year}〕{number}号"
    every    when the count begins again
    width    figures the number is filled up to with zeros
    """

    code = models.CharField(_("代码"), max_length=64, primary_key=True)
    name = models.CharField(_("名称"), max_length=64)
    pattern = models.CharField(_("编号格式"), max_length=80)
    every = models.CharField(_("重新起编"), max_length=10, choices=Every, default=Every.YEAR, blank=True)
    width = models.PositiveSmallIntegerField(_("位数"), default=1)

    class Meta:
        verbose_name = _("编号规则")
        verbose_name_plural = _("编号规则")

    def __str__(self) -> str:
        return self.name


class Counter(models.Model):
    """The last number given out."""

    series = models.ForeignKey(Series, models.PROTECT, related_name="+", verbose_name=_("编号规则"))
    unit = models.ForeignKey("kernel.Unit", models.PROTECT, related_name="+", verbose_name=_("单位"))
    exercise = models.ForeignKey(
        "kernel.Exercise", models.PROTECT, null=True, related_name="+", verbose_name=_("所属演练")
    )
    period = models.CharField(_("所属期"), max_length=10, blank=True)
    last = models.PositiveIntegerField(_("最后编号"))

    class Meta:
        verbose_name = _("编号计数")
        verbose_name_plural = _("编号计数")
        constraints = (
            models.UniqueConstraint(
                fields=("series", "unit", "exercise", "period"), nulls_distinct=False, name="counter_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.series_id}:{self.period}:{self.last}"
