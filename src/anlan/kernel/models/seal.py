"""Seals: the journal's entries chained by hashes, so that a changed, removed or inserted one is found and named."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kernel.terms import Digest


class Unsealed(models.Model):
    """An entry that no seal holds yet; written with it, gone when it is sealed."""

    entry_id = models.BigIntegerField(_("留痕"), primary_key=True)

    class Meta:
        verbose_name = _("待封存")
        verbose_name_plural = _("待封存")

    def __str__(self) -> str:
        return str(self.entry_id)


class Seal(models.Model):
    """One link of the chain over some hundred entries.

    entry_ids  in the order in which their digests stand in `digests`, 32 bytes each
    hash       over the number, the algorithm, the time, the entries' ids and digests and the hash before it
    """

    number = models.BigIntegerField(_("封存序号"), primary_key=True)
    sealed_at = models.DateTimeField(_("封存时间"))
    algorithm = models.CharField(_("摘要算法"), max_length=8, choices=Digest)
    entry_ids = ArrayField(models.BigIntegerField(), verbose_name=_("留痕"))
    digests = models.BinaryField(_("摘要"))
    previous = models.BinaryField(_("上一封存"))
    hash = models.BinaryField(_("封存值"))

    class Meta:
        verbose_name = _("封存")
        verbose_name_plural = _("封存")

    def __str__(self) -> str:
        return str(self.number)
