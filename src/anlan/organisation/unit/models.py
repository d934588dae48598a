"""Units: what the organisation knows of them beyond their place in the tree."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.scope import ScopedManager


class UnitProfile(models.Model):
    """Which body one unit answers to beside its government, its place and area.

    answers_to   the body above in its line (a county's water bureau: the city's), beside the government it belongs to
    seat, area   EPSG:4326
    is_sketch    whether the area is approximate: invented for a demo, or drawn by hand
    source       where the geometry is from
    """

    unit = models.OneToOneField(
        "kernel.Unit", models.CASCADE, primary_key=True, related_name="profile", verbose_name=_("单位")
    )
    answers_to = models.ForeignKey(
        "kernel.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("业务上级"),
    )
    address = models.CharField(_("地址"), max_length=200, blank=True)
    seat = models.PointField(_("驻地"), null=True, blank=True)
    area = models.MultiPolygonField(_("辖区范围"), null=True, blank=True)
    is_sketch = models.BooleanField(_("示意边界"), default=False)
    source = models.CharField(_("边界来源"), max_length=200, blank=True)

    objects: ClassVar[ScopedManager[Any]] = ScopedManager("unit__path", exercise=None)
    unscoped = models.Manager()

    class Meta:
        verbose_name = _("单位概况")
        verbose_name_plural = _("单位概况")
        base_manager_name = "unscoped"
        constraints = (
            models.CheckConstraint(
                condition=Q(answers_to__isnull=True) | ~Q(answers_to=models.F("unit")),
                name="unit_answers_to_another",
            ),
        )

    def __str__(self) -> str:
        return str(self.unit)
