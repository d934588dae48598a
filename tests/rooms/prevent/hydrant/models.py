"""Fire hydrants: tables. A field of every kind that a register meets."""

from __future__ import annotations

from django.contrib.gis.db.models import PointField
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel import personal
from anlan.kernel.models import Record, Registered
from anlan.kernel.search import PINYIN
from rooms.prevent.hydrant.terms import HydrantKind, HydrantUse


class Hydrant(Record, Registered):
    """Where an engine takes its water. feeds_from: the next one towards the waterworks."""

    SEARCHED = ("name", "code")
    PERSONAL = {"keeper_phone": personal.phone}

    code = models.CharField(
        _("编号"),
        max_length=32,
        unique=True,
        validators=[RegexValidator(r"^[A-Z0-9-]+$", _("只用大写字母、数字和横线。"))],
    )
    name = models.CharField(_("名称"), max_length=60, db_collation=PINYIN)
    kind = models.CharField(_("类型"), max_length=16, choices=HydrantKind, default=HydrantKind.STREET)
    pressure_kpa = models.PositiveIntegerField(_("水压（kPa）"), null=True, blank=True)
    bore_mm = models.DecimalField(_("口径（mm）"), max_digits=6, decimal_places=1, null=True, blank=True)
    works = models.BooleanField(_("完好"), default=True)
    checked_on = models.DateField(_("检查日期"), null=True, blank=True)
    installed_at = models.DateTimeField(_("安装时间"), null=True, blank=True)
    uses = ArrayField(
        models.CharField(max_length=16, choices=HydrantUse), verbose_name=_("用途"), default=list, blank=True
    )
    keeper_phone = models.CharField(_("管护人电话"), max_length=32, blank=True)
    place = PointField(_("位置"), null=True, blank=True)
    feeds_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("上游消火栓")
    )
    note = models.TextField(_("备注"), blank=True, max_length=500)

    class Meta(Record.Meta):
        verbose_name = _("消火栓")
        verbose_name_plural = _("消火栓")
        indexes = (
            models.Index(fields=("name", "id"), name="hydrant_by_name"),
            models.Index(
                fields=("name", "id"), name="hydrant_retired", condition=Q(retired_at__isnull=False)
            ),
            GinIndex(fields=("search",), name="hydrant_search"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=HydrantKind.values), name="hydrant_kind_known"),
            models.CheckConstraint(
                condition=~Q(kind="shore", pressure_kpa__isnull=False), name="hydrant_shore_has_no_pressure"
            ),
        )

    def __str__(self) -> str:
        return self.name
