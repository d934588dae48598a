"""Row history: what a record's row held before and after each act; a statement trigger writes it, never a program."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RowChange(models.Model):
    """One row changed by one act: only the columns that differ.

    act      number of the act, as in the journal's entries of the same transaction
    row      the row's key as text
    after    None for a row that was deleted
    """

    act = models.BigIntegerField(_("操作序号"), db_index=True)
    table = models.CharField(_("表"), max_length=64)
    row = models.CharField(_("行"), max_length=64)
    before = models.JSONField(_("修改前"))
    after = models.JSONField(_("修改后"), null=True)

    class Meta:
        verbose_name = _("修改记录")
        verbose_name_plural = _("修改记录")
        indexes = (models.Index(fields=("table", "row", "id"), name="change_of_row"),)

    def __str__(self) -> str:
        return f"{self.table}:{self.row}"
