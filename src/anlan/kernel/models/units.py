"""Units: the nodes of the organisation tree, which every record belongs to."""

from __future__ import annotations

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kernel.scope import ScopedManager


class Unit(models.Model):
    """One body of the organisation: a government, department, township, village …

    path   ids from the root to this unit, each followed by a dot ("1.12.340."); a subtree is a prefix, and the
           C collation lets an ordinary index answer it
    """

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级单位")
    )
    path = models.TextField(_("层级路径"), unique=True, db_collation="C")
    code = models.CharField(_("代码"), max_length=32, unique=True, null=True, blank=True)
    name = models.CharField(_("名称"), max_length=120)
    kind = models.CharField(_("类别"), max_length=32)
    valid = DateTimeRangeField(_("有效期"), null=True, blank=True)

    objects = ScopedManager("path", exercise=None)
    unscoped = models.Manager()

    class Meta:
        verbose_name = _("单位")
        verbose_name_plural = _("单位")
        base_manager_name = "unscoped"
        ordering = ("path",)

    def __str__(self) -> str:
        return self.name
