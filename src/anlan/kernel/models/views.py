"""Saved views of registers: filters and order that a person wants again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """A register as somebody filtered and sorted it, under a name.

    register  the register's prefix, "organisation.person"
    query     the part of the address after "?", without a place in the list
    shared    whether everybody who may read the register finds it
    """

    register = models.CharField(_("登记册"), max_length=64)
    name = models.CharField(_("名称"), max_length=40)
    query = models.CharField(_("条件"), max_length=1000)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("用户")
    )
    shared = models.BooleanField(_("共享"), default=False)

    class Meta:
        verbose_name = _("常用视图")
        verbose_name_plural = _("常用视图")
        constraints = (models.UniqueConstraint(fields=("register", "owner", "name"), name="saved_view_once"),)

    def __str__(self) -> str:
        return self.name
