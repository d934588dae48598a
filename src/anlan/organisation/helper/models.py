"""Party members, cadres and others who have registered to serve in a community 双报到, and their enlisting 现场编入."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel import personal, reach
from anlan.kernel.models import Record, Registered
from anlan.kernel.reach import ReachKind
from anlan.kernel.search import PINYIN
from anlan.organisation.helper.terms import Skill

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anlan.kernel.personal import Mask


class Helper(Record, Registered):
    """One who serves in a community when he is needed; he works elsewhere. `unit` is the community, village or grid.

    code       by which an import knows him again; None: he has none
    employer   where he works, in words: mostly a unit that the community does not look after
    person     the same man in the register of people, where who entered him could see that
    team       the group he belongs to in normal times 编组; blank: none yet
    since_on   when he registered; None: not known
    walk_in    whether he came on the spot, in an emergency
    """

    SEARCHED: ClassVar[tuple[str, ...]] = ("name", "code", "team", "employer", "speciality")
    PERSONAL: ClassVar[Mapping[str, Mask]] = {"phone": personal.phone}

    code = models.CharField(_("编号"), max_length=32, null=True, blank=True)
    name = models.CharField(_("姓名"), max_length=64, db_collation=PINYIN)
    employer = models.CharField(_("工作单位"), max_length=120, blank=True)
    person = models.ForeignKey(
        "person.Person",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="helps",
        verbose_name=_("人员登记"),
    )
    phone = models.CharField(_("手机"), max_length=32, blank=True)
    party_member = models.BooleanField(_("党员"), default=False)
    team = models.CharField(_("编组"), max_length=40, blank=True)
    skills = ArrayField(
        models.CharField(max_length=12, choices=Skill), verbose_name=_("能做什么"), default=list, blank=True
    )
    speciality = models.CharField(_("特长"), max_length=120, blank=True)
    since_on = models.DateField(_("报到日期"), null=True, blank=True)
    walk_in = models.BooleanField(_("现场报到"), default=False, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("报到人员")
        verbose_name_plural = _("报到人员")
        constraints = (
            models.UniqueConstraint(
                fields=("code",), condition=Q(exercise__isnull=True), name="helper_code_once"
            ),
            models.UniqueConstraint(fields=("exercise", "code"), name="helper_code_once_in_exercise"),
            models.UniqueConstraint(
                fields=("person", "unit", "exercise"),
                condition=Q(retired_at__isnull=True),
                name="helper_person_once",
            ),
            models.CheckConstraint(condition=~Q(name="") & ~Q(code=""), name="helper_is_named"),
        )
        indexes = (
            models.Index(fields=("name", "id"), name="helper_by_name"),
            models.Index(fields=("unit", "team", "name"), name="helper_of_unit"),
            GinIndex(fields=("search",), name="helper_search"),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Name and number as they are kept. raises ValidationError for what is no mobile number"""
        self.name = "".join(self.name.split()) if not self.name.isascii() else self.name.strip()
        self.team = self.team.strip()
        if self.phone:
            try:
                self.phone = reach.normalised(ReachKind.MOBILE, self.phone)
            except ValidationError as wrong:
                raise ValidationError({"phone": wrong.messages}) from wrong


class Enlistment(Record):
    """A helper was enlisted on the spot to a group with a task, from–until; of the community where he serves meanwhile.

    until_at  None: he is at it
    """

    helper = models.ForeignKey(Helper, models.PROTECT, related_name="enlistments", verbose_name=_("报到人员"))
    team = models.CharField(_("编入的组"), max_length=40)
    task = models.CharField(_("任务"), max_length=200)
    from_at = models.DateTimeField(_("编入时间"))
    until_at = models.DateTimeField(_("解除时间"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("现场编入")
        verbose_name_plural = _("现场编入")
        constraints = (
            models.UniqueConstraint(
                fields=("helper",), condition=Q(until_at__isnull=True), name="enlisted_once"
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("from_at")),
                name="enlistment_ends_after_it_begins",
            ),
            models.CheckConstraint(condition=~Q(team="") & ~Q(task=""), name="enlistment_says_to_what"),
        )
        indexes = (
            models.Index(
                fields=("unit", "team"), condition=Q(until_at__isnull=True), name="enlisted_of_unit"
            ),
        )

    def __str__(self) -> str:
        return self.team
