"""Contact points of people and of units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Concat, Left, Length, Repeat, Reverse, Right
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.kernel import personal, reach
from anlan.kernel.models import Record, Registered
from anlan.kernel.reach import ReachKind
from anlan.kernel.search import document
from anlan.organisation.contact.terms import VerifiedHow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from anlan.kernel.personal import Mask

HIDDEN = personal.HIDDEN


def _masked() -> Case:
    """`personal.contact` as the database reckons it, for an office's number the number itself."""
    host = Func(F("value"), Value("@"), Value(2), function="split_part", output_field=models.CharField())
    return Case(
        When(private=False, then=F("value")),
        When(kind=ReachKind.EMAIL, then=Concat(Left("value", 1), Value(f"{HIDDEN * 3}@"), host)),
        When(
            GreaterThanOrEqual(Length("value"), Value(11)),
            then=Concat(Left("value", 3), Repeat(Value(HIDDEN), Length("value") - 7), Right("value", 4)),
        ),
        default=Concat(Value(HIDDEN * 3), Right("value", 2)),
        output_field=models.CharField(),
    )


def _digits_from_the_end() -> Reverse:
    digits = Func(F("value"), Value(r"\D"), Value(""), Value("g"), function="regexp_replace")
    return Reverse(digits, output_field=models.CharField())


class ContactPoint(Record, Registered):
    """One way to reach a person, or a unit as such.

    person        None: the unit's own. A person's contact points are of his home unit and move with him (migration 0001)
    value         as `reach.normalised` writes it
    private       his own, not the office's: masked unless one gives a reason
    public        a unit's line that the public may call at any hour; it stands on a page without log-in
    rank          the best first
    verified_at   when somebody last made sure that it reaches him; the database forgets that when the value changes
    shown         what every reader may see of it
    """

    PERSONAL: ClassVar[Mapping[str, Mask]] = {"value": personal.contact}

    code = models.CharField(_("编号"), max_length=40, null=True, blank=True)
    person = models.ForeignKey(
        "person.Person",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="contact_points",
        verbose_name=_("人员"),
    )
    kind = models.CharField(_("方式"), max_length=12, choices=ReachKind)
    value = models.CharField(_("号码"), max_length=120)
    name = models.CharField(_("说明"), max_length=60, blank=True)
    private = models.BooleanField(_("私人号码"), default=False)
    public = models.BooleanField(_("24 小时对外公布"), default=False)
    rank = models.PositiveSmallIntegerField(_("顺序"), default=1)
    verified_at = models.DateTimeField(_("核实时间"), null=True, editable=False)
    verified_how = models.CharField(
        _("核实方式"), max_length=12, choices=VerifiedHow, blank=True, editable=False
    )
    shown = models.GeneratedField(
        expression=_masked(),
        output_field=models.CharField(max_length=160),
        db_persist=True,
        verbose_name=_("联系号码"),
    )

    class Meta(Record.Meta):
        verbose_name = _("联系方式")
        verbose_name_plural = _("联系方式")
        constraints = (
            models.UniqueConstraint(
                fields=("code",), condition=Q(exercise__isnull=True), name="contact_code_once"
            ),
            models.UniqueConstraint(fields=("exercise", "code"), name="contact_code_once_in_exercise"),
            models.UniqueConstraint(
                fields=("unit", "person", "kind", "value", "exercise"),
                condition=Q(retired_at__isnull=True),
                nulls_distinct=False,
                name="contact_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=ReachKind.values), name="contact_kind_known"),
            models.CheckConstraint(condition=~Q(value="") & ~Q(code=""), name="contact_has_value"),
            models.CheckConstraint(condition=Q(rank__gte=1), name="contact_rank_from_one"),
            models.CheckConstraint(
                condition=Q(public=False) | Q(person__isnull=True, private=False),
                name="contact_public_is_a_unit_s",
            ),
            models.CheckConstraint(
                condition=Q(private=False) | Q(person__isnull=False), name="contact_private_is_a_person_s"
            ),
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True, verified_how="")
                | Q(verified_at__isnull=False, verified_how__in=VerifiedHow.values),
                name="contact_verified_somehow",
            ),
        )
        indexes = (
            models.Index(fields=("rank", "id"), name="contact_by_rank"),
            models.Index(fields=("person", "rank"), name="contact_of_person"),
            models.Index(fields=("unit", "rank"), name="contact_of_unit", condition=Q(person__isnull=True)),
            models.Index(fields=("kind", "value"), name="contact_by_value"),
            models.Index(fields=("unit",), name="contact_public", condition=Q(public=True)),
            models.Index(
                OpClass(_digits_from_the_end(), name="text_pattern_ops"), name="contact_by_last_digits"
            ),
            GinIndex(fields=("search",), name="contact_search"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.shown}"

    @property
    def is_personal(self) -> bool:
        return self.private

    def document_of(self) -> str:
        """Its words, and the number where that is no secret; whom it belongs to is found by his own name."""
        return document(self.name, self.code, "" if self.private else self.value)

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """As ever; whatever changes, its words are read again."""
        if update_fields is not None:
            update_fields = {*update_fields, "search"}
        super().save(update_fields=update_fields, **options)

    def clean(self) -> None:
        """Write the value as it is kept. raises ValidationError where it is none of its kind, or does not fit its owner"""
        try:
            self.value = reach.normalised(self.kind, self.value)
        except ValidationError as wrong:
            raise ValidationError({"value": wrong.messages}) from wrong
        if self.person and self.person.unit_id != self.unit_id:
            raise ValidationError({"person": gettext("该人员不属于所填单位。请改选其所在单位，或改选人员。")})
        if self.private and self.person_id is None:
            raise ValidationError(
                {"private": gettext("单位的号码不是私人号码。请选定人员，或取消“私人号码”。")}
            )
        if self.public and self.person_id is not None:
            raise ValidationError({"public": gettext("对外公布的应是单位的值班电话，不能是个人号码。")})
        if self.rank < 1:
            raise ValidationError({"rank": gettext("顺序从 1 开始，数字小的先用。")})
