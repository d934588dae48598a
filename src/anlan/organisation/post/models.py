"""Posts, who holds them from when to when, who is away, and whether an emergency office is in place."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.kernel.models import Record, Registered
from anlan.kernel.search import PINYIN, document
from anlan.organisation.post.terms import AbsenceReason, PostKind


class _Span(Func):
    """From–until as the database's range; the end does not belong to it."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Post(Record, Registered):
    """What somebody has to answer for in a unit.

    code      by which an import knows it again; None: it has none
    field     what a leader in charge of a field answers for; blank: it is no such post
    seats     how many hold it at once
    required  whether a vacancy opens an obligation
    """

    SEARCHED: ClassVar[tuple[str, ...]] = ("name", "code", "field", "kind")

    code = models.CharField(_("编号"), max_length=40, null=True, blank=True)
    kind = models.CharField(_("岗位类别"), max_length=24, choices=PostKind)
    name = models.CharField(_("岗位名称"), max_length=64, blank=True, db_collation=PINYIN)
    field = models.CharField(_("分管领域"), max_length=64, blank=True)
    seats = models.PositiveSmallIntegerField(_("人数"), default=1)
    required = models.BooleanField(_("必须有人"), default=True)

    class Meta(Record.Meta):
        verbose_name = _("岗位")
        verbose_name_plural = _("岗位")
        constraints = (
            models.UniqueConstraint(
                fields=("unit", "kind", "name", "exercise"),
                condition=Q(retired_at__isnull=True),
                nulls_distinct=False,
                name="post_once",
            ),
            models.UniqueConstraint(
                fields=("code",), condition=Q(exercise__isnull=True), name="post_code_once"
            ),
            models.UniqueConstraint(fields=("exercise", "code"), name="post_code_once_in_exercise"),
            models.CheckConstraint(condition=Q(kind__in=PostKind.values), name="post_kind_known"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(code=""), name="post_is_named"),
            models.CheckConstraint(condition=Q(seats__gte=1, seats__lte=99), name="post_has_seats"),
        )
        indexes = (
            models.Index(fields=("name", "id"), name="post_by_name"),
            models.Index(fields=("unit", "kind"), name="post_of_unit"),
            GinIndex(fields=("search",), name="post_search"),
        )

    def __str__(self) -> str:
        return self.name

    def document_of(self) -> str:
        return document(self.name, self.code, self.field, str(PostKind(self.kind).label))

    def clean(self) -> None:
        """A post without a name is called as its kind. raises ValidationError"""
        self.name = self.name.strip() or str(PostKind(self.kind).label)
        if not 1 <= self.seats <= 99:
            raise ValidationError({"seats": gettext("人数应在 1—99 之间。")})
        if self.kind == PostKind.FIELD_LEADER and not self.field:
            raise ValidationError({"field": gettext("分管领导须写明分管领域，例如 防汛抗旱。")})


class Posting(Record):
    """Somebody holds a post, or stands ready to stand in for who does, from–until.

    stand_in  he takes over while no holder can be reached
    rank      of holders the seat, of stand-ins the order in which they are asked
    acting    he holds it without being appointed for good 代理
    until_at  None: until further notice
    """

    IS_REFERENCE: ClassVar[bool] = True

    post = models.ForeignKey(Post, models.PROTECT, related_name="postings", verbose_name=_("岗位"))
    person = models.ForeignKey(
        "person.Person", models.PROTECT, related_name="postings", verbose_name=_("人员")
    )
    stand_in = models.BooleanField(_("替补"), default=False)
    rank = models.PositiveSmallIntegerField(_("顺序"), default=1)
    acting = models.BooleanField(_("代理"), default=False)
    from_at = models.DateTimeField(_("开始时间"))
    until_at = models.DateTimeField(_("结束时间"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("任职")
        verbose_name_plural = _("任职")
        constraints = (
            ExclusionConstraint(
                name="posting_seat_once",
                expressions=[
                    ("post", RangeOperators.EQUAL),
                    ("stand_in", RangeOperators.EQUAL),
                    ("rank", RangeOperators.EQUAL),
                    (_Span("from_at", "until_at"), RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="posting_person_once",
                expressions=[
                    ("post", RangeOperators.EQUAL),
                    ("person", RangeOperators.EQUAL),
                    (_Span("from_at", "until_at"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("from_at")),
                name="posting_ends_after_it_begins",
            ),
            models.CheckConstraint(condition=Q(rank__gte=1), name="posting_rank_from_one"),
        )
        indexes = (models.Index(fields=("post", "stand_in", "rank"), name="posting_of_post"),)

    def __str__(self) -> str:
        return str(self.pk)


class Absence(Record):
    """Somebody is away from–until, from all posts that he holds; of his home unit.

    stand_in  who takes over all of them meanwhile; None: the stand-ins of each post
    """

    IS_REFERENCE: ClassVar[bool] = True

    person = models.ForeignKey(
        "person.Person", models.PROTECT, related_name="absences", verbose_name=_("人员")
    )
    from_at = models.DateTimeField(_("开始时间"))
    until_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    reason = models.CharField(_("事由"), max_length=12, choices=AbsenceReason)
    stand_in = models.ForeignKey(
        "person.Person", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("代班人")
    )

    class Meta(Record.Meta):
        verbose_name = _("请假")
        verbose_name_plural = _("请假")
        constraints = (
            ExclusionConstraint(
                name="absence_once",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    (_Span("from_at", "until_at"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("from_at")),
                name="absence_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(stand_in__isnull=True) | ~Q(stand_in=F("person")), name="absence_of_another"
            ),
            models.CheckConstraint(condition=Q(reason__in=AbsenceReason.values), name="absence_reason_known"),
        )
        indexes = (models.Index(fields=("unit", "from_at"), name="absence_of_unit"),)

    def __str__(self) -> str:
        return str(self.pk)


class OfficeCheck(Record):
    """Whether an emergency office is in place in a year 四落实: of each of the four what proves it; blank: not yet."""

    year = models.PositiveSmallIntegerField(_("年度"))
    body = models.CharField(_("机构"), max_length=200, blank=True)
    duties = models.CharField(_("职责"), max_length=200, blank=True)
    establishment = models.CharField(_("编制"), max_length=200, blank=True)
    staff = models.CharField(_("人员"), max_length=200, blank=True)
    checked_at = models.DateTimeField(_("核对时间"))

    class Meta(Record.Meta):
        verbose_name = _("四落实核对")
        verbose_name_plural = _("四落实核对")
        constraints = (
            models.UniqueConstraint(
                fields=("unit", "year", "exercise"), nulls_distinct=False, name="office_check_once"
            ),
        )

    def __str__(self) -> str:
        return gettext("%(year)s 年度四落实") % {"year": self.year}

    @property
    def is_complete(self) -> bool:
        return all((self.body, self.duties, self.establishment, self.staff))
