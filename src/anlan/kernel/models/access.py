"""Roles and grants: what a user may do, and in which part of the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now
from anlan.kernel.models.moments import readable
from anlan.kernel.terms import Administrator, BusinessLine, GrantState

if TYPE_CHECKING:
    from datetime import datetime

    from anlan.kernel.models.units import Unit


class Role(models.Model):
    """A named set of capabilities of the node as a whole; lists to choose from show nothing but its name.

    administrator  which of the three administrators it makes, blank: none; one person holds one of them at most
    edited_at      when an administrator changed it; from then on an upgrade leaves it alone
    """

    code = models.SlugField(_("代码"), unique=True)
    name = models.CharField(_("名称"), max_length=64, unique=True)
    capabilities = ArrayField(models.CharField(max_length=64), verbose_name=_("权限"), default=list)
    administrator = models.CharField(_("管理员类别"), max_length=8, choices=Administrator, blank=True)
    edited_at = models.DateTimeField(_("修改时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("角色")
        verbose_name_plural = _("角色")

    def __str__(self) -> str:
        return self.name


class TimeRange(Func):
    """From–until as the database's range; the end does not belong to it."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Grant(models.Model):
    """A user holds a role over the subtree of a unit, from–until; the unit need not be where his post is.

    It is never deleted: ended, it stays as history. One that ends as it begins never counted.

    line   the business line that narrows it (a water officer: a district × water) to the units of that line within the
           subtree, each with all below it; blank: the whole subtree
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="grants", verbose_name=_("用户")
    )
    role = models.ForeignKey(Role, models.PROTECT, related_name="grants", verbose_name=_("角色"))
    scope_root = models.ForeignKey(
        "kernel.Unit", models.PROTECT, related_name="+", verbose_name=_("管理范围")
    )
    line = models.CharField(_("业务条线"), max_length=32, choices=BusinessLine, blank=True)
    from_at = models.DateTimeField(_("生效时间"), default=real_now)
    until_at = models.DateTimeField(_("失效时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("授权")
        verbose_name_plural = _("授权")
        constraints = (
            ExclusionConstraint(
                name="grant_once",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("scope_root", RangeOperators.EQUAL),
                    ("line", RangeOperators.EQUAL),
                    (TimeRange("from_at", "until_at"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("from_at")),
                name="grant_ends_after_it_begins",
            ),
            readable("grant_readable", "from_at", "until_at"),
        )

    def __str__(self) -> str:
        return f"{self.user_id}:{self.role_id}@{self.scope_root_id}"

    @property
    def unit(self) -> Unit:
        """Whose record a grant is: that of the unit over which it holds."""
        return self.scope_root

    @property
    def unit_id(self) -> int:
        return self.scope_root_id

    @property
    def where(self) -> str:
        """What it reaches, in words."""
        return f"{self.scope_root} · {self.get_line_display()}" if self.line else str(self.scope_root)

    def state_at(self, moment: datetime) -> GrantState:
        if self.until_at is not None and (self.until_at <= moment or self.until_at <= self.from_at):
            return GrantState.ENDED
        return GrantState.CURRENT if self.from_at <= moment else GrantState.TO_COME
