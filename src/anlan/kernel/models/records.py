"""The base of every record, and the exercise that a record may belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now
from anlan.kernel.ids import uuid7
from anlan.kernel.scope import ScopedManager
from anlan.kernel.search import document

if TYPE_CHECKING:
    from collections.abc import Iterable


class Exercise(models.Model):
    """A drill that runs the real code; what is made in it carries it and never mixes with real records.

    unit    whose exercise it is, with all below it
    """

    unit = models.ForeignKey(
        "kernel.Unit", models.PROTECT, null=True, related_name="+", verbose_name=_("组织单位")
    )
    name = models.CharField(_("演练名称"), max_length=120)
    opened_at = models.DateTimeField(_("开始时间"), default=real_now)
    closed_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    clock = models.OneToOneField(
        "kernel.Clock", models.PROTECT, related_name="exercise", verbose_name=_("时钟")
    )

    class Meta:
        verbose_name = _("演练")
        verbose_name_plural = _("演练")

    def __str__(self) -> str:
        return self.name


class Record(models.Model):
    """Base of what rooms keep: it belongs to a unit, maybe to an exercise, and counts its versions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    unit = models.ForeignKey("kernel.Unit", models.PROTECT, related_name="+", verbose_name=_("所属单位"))
    exercise = models.ForeignKey(
        Exercise, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("所属演练")
    )
    version = models.PositiveIntegerField(_("版本"), default=1)

    objects: ClassVar[ScopedManager[Any]] = ScopedManager()
    unscoped = models.Manager()

    class Meta:
        abstract = True
        base_manager_name = "unscoped"


class MatterRecord(Record):
    """A record of a matter: who shares the matter meets it, too.

    matter   id of the record that is the matter (an incident, a warning); of the matter itself its own id; None: of none
    """

    matter = models.UUIDField(_("所属事项"), null=True, blank=True, db_index=True)

    objects: ClassVar[ScopedManager[Any]] = ScopedManager(matter="matter")

    class Meta(Record.Meta):
        abstract = True


class Registered(models.Model):
    """What a register holds: found by words, retired instead of deleted.

    SEARCHED     the fields by whose words it is found; `search` follows them at every save of one record, and whoever
                 writes many at once sets it by `document_of`
    retired_at   since when it is out of use; None: in use
    IS_REFERENCE an exercise reads the real ones as well, and changes none of them
    """

    IS_REFERENCE: ClassVar[bool] = True
    SEARCHED: ClassVar[tuple[str, ...]] = ()

    search = SearchVectorField(_("检索词"), editable=False, default="")
    retired_at = models.DateTimeField(_("停用时间"), null=True, editable=False)

    class Meta:
        abstract = True

    def document_of(self) -> str:
        """What it is found by, as `search` keeps it."""
        return document(*(str(getattr(self, name) or "") for name in self.SEARCHED))

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """As ever, with what it is found by."""
        if update_fields is not None and not set(update_fields).isdisjoint(self.SEARCHED):
            update_fields = {*update_fields, "search"}
        if update_fields is None or "search" in update_fields:
            self.search = self.document_of()
        super().save(update_fields=update_fields, **options)
