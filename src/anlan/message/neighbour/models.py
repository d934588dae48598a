"""Neighbours 邻村互助: whose people go and knock where somebody cannot be reached."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.kernel.models import Record, Registered
from anlan.kernel.search import PINYIN


class Neighbour(Record, Registered):
    """Whoever of `unit` does not answer is visited by people of `neighbour`; without such an agreement the nearest one's go."""

    SEARCHED: ClassVar[tuple[str, ...]] = ("name",)

    neighbour = models.ForeignKey("kernel.Unit", models.PROTECT, related_name="+", verbose_name=_("上门单位"))
    name = models.CharField(_("名称"), max_length=250, blank=True, editable=False, db_collation=PINYIN)
    note = models.CharField(_("路线和联络说明"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("邻村互助")
        verbose_name_plural = _("邻村互助")
        constraints = (
            models.UniqueConstraint(
                fields=("unit", "exercise"),
                condition=Q(retired_at__isnull=True),
                nulls_distinct=False,
                name="neighbour_once",
            ),
            models.CheckConstraint(condition=~Q(unit=F("neighbour")), name="neighbour_is_another"),
        )
        indexes = (
            models.Index(fields=("name", "id"), name="neighbour_by_name"),
            GinIndex(fields=("search",), name="neighbour_search"),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """It is called by the two. raises ValidationError for a unit that would be its own neighbour"""
        if self.unit_id == self.neighbour_id:
            raise ValidationError({"neighbour": gettext("上门的应是另一个单位。")})
        self.name = f"{self.unit} ← {self.neighbour}"
