"""Files: their content, stored once by its hash, and the attachments by which records hold them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.gis.db.models import PointField
from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now
from anlan.kernel.ids import uuid7


class StoredFile(models.Model):
    """One content, under its SHA-256 in hex; whoever attaches the same again shares it."""

    sha256 = models.CharField(_("摘要"), max_length=64, primary_key=True)
    size = models.PositiveBigIntegerField(_("字节数"))
    media_type = models.CharField(_("类型"), max_length=80)
    width = models.PositiveIntegerField(_("宽"), null=True)
    height = models.PositiveIntegerField(_("高"), null=True)
    stored_at = models.DateTimeField(_("存入时间"), default=real_now)

    class Meta:
        verbose_name = _("文件")
        verbose_name_plural = _("文件")

    def __str__(self) -> str:
        return self.sha256


class Attachment(models.Model):
    """A file held by a record. Who may meet the record may meet it; the hash alone opens nothing.

    taken_at, taken_where   when and where a photo says it was taken (WGS-84), read before they were stripped
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject_kind = models.CharField(_("对象类别"), max_length=64)
    subject = models.CharField(_("对象"), max_length=64)
    unit = models.ForeignKey("kernel.Unit", models.PROTECT, related_name="+", verbose_name=_("所属单位"))
    exercise = models.ForeignKey(
        "kernel.Exercise", models.PROTECT, null=True, related_name="+", verbose_name=_("所属演练")
    )
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name=_("文件"))
    name = models.CharField(_("文件名"), max_length=160)
    taken_at = models.DateTimeField(_("拍摄时间"), null=True)
    taken_where = PointField(_("拍摄地点"), null=True, spatial_index=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("添加人")
    )
    added_at = models.DateTimeField(_("添加时间"))
    removed_at = models.DateTimeField(_("移除时间"), null=True)

    class Meta:
        verbose_name = _("附件")
        verbose_name_plural = _("附件")
        indexes = (models.Index(fields=("subject_kind", "subject", "id"), name="attachment_of_subject"),)

    def __str__(self) -> str:
        return self.name
