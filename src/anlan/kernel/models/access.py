"""Roles and grants: what a user may do, and in which part of the tree."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now
from anlan.kernel.terms import Administrator


class Role(models.Model):
    """A named set of capabilities.

    administrator  which of the three administrators it makes, blank: none; one person holds one of them at most
    edited_at      when an administrator changed it; from then on an upgrade leaves it alone
    """

    code = models.SlugField(_("代码"), unique=True)
    name = models.CharField(_("名称"), max_length=64)
    capabilities = ArrayField(models.CharField(max_length=64), verbose_name=_("权限"), default=list)
    administrator = models.CharField(_("管理员类别"), max_length=8, choices=Administrator, blank=True)
    edited_at = models.DateTimeField(_("修改时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("角色")
        verbose_name_plural = _("角色")

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """A user holds a role over the subtree of a unit, from–to; the unit need not be where his post is.

    line   code of a business line that narrows it (a water officer: a district × line "water"); blank: all
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="grants", verbose_name=_("用户")
    )
    role = models.ForeignKey(Role, models.PROTECT, related_name="grants", verbose_name=_("角色"))
    scope_root = models.ForeignKey(
        "kernel.Unit", models.PROTECT, related_name="+", verbose_name=_("管理范围")
    )
    line = models.CharField(_("业务条线"), max_length=32, blank=True)
    from_at = models.DateTimeField(_("生效时间"), default=real_now)
    until_at = models.DateTimeField(_("失效时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("授权")
        verbose_name_plural = _("授权")
        constraints = (
            models.UniqueConstraint(fields=("user", "role", "scope_root", "line"), name="grant_once"),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gt=F("from_at")),
                name="grant_ends_after_it_begins",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id}:{self.role_id}@{self.scope_root_id}"
