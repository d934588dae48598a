"""Units: the nodes of the organisation tree, which every record belongs to."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.models.records import Registered
from anlan.kernel.scope import ScopedManager
from anlan.kernel.search import PINYIN
from anlan.kernel.terms import BusinessLine


class Unit(Registered):
    """One body of the organisation: a government, department, township, village …

    path        ids from the root to this unit, each followed by a dot ("1.12.340."); a subtree is a prefix, and the
                C collation lets an ordinary index answer it
    from_on     since when it exists; None: not known. It ended with `retired_at`
    successor   the unit that took over its duties
    line        its line of business; blank: it has all of its government's. What a grant of that line reaches
    """

    SEARCHED = ("name", "code")

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级单位")
    )
    path = models.TextField(_("层级路径"), unique=True, db_collation="C")
    code = models.CharField(_("代码"), max_length=32, unique=True, null=True, blank=True)
    name = models.CharField(_("名称"), max_length=120, db_collation=PINYIN)
    kind = models.CharField(_("类别"), max_length=32)
    line = models.CharField(
        _("业务条线"), max_length=32, choices=BusinessLine, blank=True, default="", db_default=""
    )
    from_on = models.DateField(_("设立日期"), null=True, blank=True)
    successor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="predecessors", verbose_name=_("承接单位")
    )
    version = models.PositiveIntegerField(_("版本"), default=1)

    objects = ScopedManager("path", exercise=None)
    unscoped = models.Manager()

    class Meta:
        verbose_name = _("单位")
        verbose_name_plural = _("单位")
        base_manager_name = "unscoped"
        ordering = ("path",)
        indexes = (
            models.Index(fields=("name", "id"), name="unit_by_name"),
            models.Index(fields=("kind", "path"), name="unit_by_kind"),
            GinIndex(fields=("search",), name="unit_search"),
            models.Index(fields=("line", "path"), name="unit_of_line", condition=~Q(line="")),
            models.Index(fields=("path",), name="unit_retired", condition=Q(retired_at__isnull=False)),
        )

    def __str__(self) -> str:
        return self.name
