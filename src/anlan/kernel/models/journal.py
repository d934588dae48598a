"""The journal: what happened to what, by whom, when and why; written in the transaction of the change, never changed."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.fields.json import KeyTransform
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now


class Entry(models.Model):
    """One thing that happened. Ids and codes only, never a name, a number or a free text about a person.

    at           domain time: when it happened, in an exercise the exercise's time
    recorded_at  real time: when it was written
    act          number of the transaction it was written in; row history carries the same
    subject      key of the record it happened to; blank for a bulk act, whose `data.subjects` lists the keys
    unit         id of the unit it concerns, for scope; no foreign key, an entry outlives what it tells of
    """

    at = models.DateTimeField(_("发生时间"))
    recorded_at = models.DateTimeField(_("记录时间"), default=real_now)
    event = models.CharField(_("事件"), max_length=96)
    version = models.PositiveSmallIntegerField(_("版本"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("操作人"),
    )
    posting_id = models.BigIntegerField(_("以何授权"), null=True)
    unit_id = models.BigIntegerField(_("单位"), null=True)
    exercise_id = models.BigIntegerField(_("演练"), null=True)
    subject_kind = models.CharField(_("对象类别"), max_length=64)
    subject = models.CharField(_("对象"), max_length=64, blank=True)
    cause_id = models.BigIntegerField(_("起因"), null=True)
    act = models.BigIntegerField(_("操作序号"))
    data = models.JSONField(_("内容"), encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("留痕")
        verbose_name_plural = _("留痕")
        indexes = (
            models.Index(fields=("subject_kind", "subject", "id"), name="entry_of_subject"),
            models.Index(fields=("act",), name="entry_of_act"),
            models.Index(
                fields=("cause_id", "id"),
                name="entry_of_cause",
                condition=models.Q(cause_id__isnull=False),
            ),
            GinIndex(KeyTransform("subjects", "data"), name="entry_of_many", condition=models.Q(subject="")),
        )

    def __str__(self) -> str:
        return f"{self.pk} {self.event}"


class PrivateNote(models.Model):
    """A text that an entry refers to by its salted hash; destroying it leaves the entry whole and provable."""

    entry = models.ForeignKey(Entry, models.DO_NOTHING, related_name="private", verbose_name=_("留痕"))
    field = models.CharField(_("字段"), max_length=64)
    salt = models.BinaryField(_("盐"), max_length=16)
    text = models.TextField(_("内容"))

    class Meta:
        verbose_name = _("留痕附文")
        verbose_name_plural = _("留痕附文")
        constraints = (models.UniqueConstraint(fields=("entry", "field"), name="private_note_once"),)

    def __str__(self) -> str:
        return f"{self.entry_id}:{self.field}"
