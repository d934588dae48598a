"""Tokens: what a program of another system shows instead of a password."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now
from anlan.kernel.terms import TokenState

if TYPE_CHECKING:
    from datetime import datetime

LONGEST = timedelta(days=366)


class MachineToken(models.Model):
    """A token of a machine's user; ended, it stays as history.

    digest   SHA-256 of 256 random bits: there is nothing to guess, so it need not be slow
    scopes   capabilities: what of its user's grants it may be used for
    used_at  to the minute
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="tokens", verbose_name=_("机器账号")
    )
    name = models.CharField(_("用途"), max_length=64)
    digest = models.CharField(_("摘要"), max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=64), verbose_name=_("权限"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("签发人")
    )
    issued_at = models.DateTimeField(_("签发时间"), default=real_now)
    expires_at = models.DateTimeField(_("失效时间"))
    ended_at = models.DateTimeField(_("终止时间"), null=True, blank=True)
    used_at = models.DateTimeField(_("最近使用"), null=True, blank=True)
    used_from = models.GenericIPAddressField(_("最近使用地址"), null=True, blank=True)

    class Meta:
        verbose_name = _("机器令牌")
        verbose_name_plural = _("机器令牌")
        constraints = (
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at")) & Q(expires_at__lte=F("issued_at") + LONGEST),
                name="token_expires_within_a_year",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def state_at(self, moment: datetime) -> TokenState:
        if self.ended_at is not None:
            return TokenState.ENDED
        return TokenState.CURRENT if moment < self.expires_at else TokenState.EXPIRED
