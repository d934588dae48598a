"""Kinds of warning: tables."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.models import Record, Registered
from anlan.kernel.search import PINYIN
from anlan.kernel.terms import BusinessLine, WarningColour

BY_A_LEADER = (WarningColour.RED, WarningColour.ORANGE)
EVENT_TYPE = RegexValidator(r"^[1-7][1-9][0-9A-HJ-NP-Z]\d{2}$", _("五位代码，如 11B03。"))


def by_a_leader() -> list[str]:
    return [str(colour) for colour in BY_A_LEADER]


class WarningKind(Record, Registered):
    """One kind of warning, used by its unit and all below.

    event_type      code of 国家应急平台体系信息资源分类与编码规范, as messages carry it
    authority       by whom it is issued by law
    line            only bodies of this line of business issue it; blank: any
    institution     three digits of GB/T 4657 that stand for the issuing body in a sender's code; blank: not known
    leader_colours  colours that a leader approves, with a second factor; the others the duty officer may
    source, from_on, region   where that is laid down, since when, and the beginning of the unit codes it holds for
    certain         whether it was checked against the source
    """

    SEARCHED = ("name", "event_type")

    name = models.CharField(_("名称"), max_length=32, db_collation=PINYIN)
    event_type = models.CharField(_("事件类型代码"), max_length=5, validators=[EVENT_TYPE])
    authority = models.CharField(_("发布主体"), max_length=120)
    line = models.CharField(_("发布条线"), max_length=32, choices=BusinessLine, blank=True)
    institution = models.CharField(
        _("机构代码"),
        max_length=3,
        blank=True,
        validators=[RegexValidator(r"^\d{3}$", _("三位数字，如 416。"))],
    )
    colours = ArrayField(
        models.CharField(max_length=8, choices=WarningColour), verbose_name=_("预警级别"), default=list
    )
    leader_colours = ArrayField(
        models.CharField(max_length=8, choices=WarningColour),
        verbose_name=_("由领导审批的级别"),
        default=by_a_leader,
        blank=True,
    )
    source = models.CharField(_("依据"), max_length=240)
    from_on = models.DateField(_("施行日期"), null=True, blank=True)
    region = models.CharField(_("适用地区"), max_length=12, blank=True)
    certain = models.BooleanField(_("已核实"), default=False)

    class Meta(Record.Meta):
        verbose_name = _("预警种类")
        verbose_name_plural = _("预警种类")
        indexes = (
            models.Index(fields=("name", "id"), name="kind_by_name"),
            models.Index(fields=("name", "id"), name="kind_retired", condition=Q(retired_at__isnull=False)),
            GinIndex(fields=("search",), name="kind_search"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("unit", "name", "exercise"),
                nulls_distinct=False,
                condition=Q(retired_at__isnull=True),
                name="kind_once_in_a_unit",
            ),
            models.CheckConstraint(condition=Q(colours__len__gt=0), name="kind_has_a_colour"),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        # A kind that knows no red keeps the usual rule without it.
        self.leader_colours = [colour for colour in self.leader_colours if colour in self.colours]

    def needs_leader(self, *colours: str) -> bool:
        """Whether what has any of these colours is for a leader to approve."""
        return not set(colours).isdisjoint(self.leader_colours)


class WarningTemplate(Record):
    """What a warning of a kind and colour begins with.

    criteria   when it is issued
    guidance   what people should do, as it is published
    measures   codes of the measures of Articles 64 to 67 that are to be taken (selectors.list_measures)
    hours      how long it holds unless somebody says otherwise
    certain    whether the criteria were checked against the kind's source
    """

    kind = models.ForeignKey(
        WarningKind, models.PROTECT, related_name="templates", verbose_name=_("预警种类")
    )
    colour = models.CharField(_("预警级别"), max_length=8, choices=WarningColour)
    criteria = models.TextField(_("发布标准"), max_length=600, blank=True)
    guidance = models.TextField(_("公众防护指引"), max_length=1000)
    measures = ArrayField(models.CharField(max_length=8), verbose_name=_("应采取的措施"), default=list)
    hours = models.PositiveSmallIntegerField(
        _("默认有效期（小时）"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 30)],
    )
    certain = models.BooleanField(_("已核实"), default=False)

    class Meta(Record.Meta):
        verbose_name = _("预警模板")
        verbose_name_plural = _("预警模板")
        constraints = (models.UniqueConstraint(fields=("kind", "colour"), name="template_once"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.get_colour_display()}"
