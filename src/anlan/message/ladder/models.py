"""Ladders 叫应阶梯: whom to try next, by what and when, as long as somebody has not answered."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.kernel.models import Record, Registered
from anlan.kernel.search import PINYIN
from anlan.kernel.terms import WarningColour
from anlan.message.ladder.terms import Rung, WrongStep, rungs_of
from anlan.organisation.post.models import Post

POSTS = Post._meta.get_field("kind").choices


class Ladder(Record, Registered):
    """How people are called by the unit and all below it that have none of their own.

    colours, posts   what and whom it is for; none: all
    from_time, until_time   hours of the day, which may pass midnight; None: all day
    steps            a line for each, as terms describes it
    certain          False where nobody has verified its figures: it is shown as such
    """

    SEARCHED: ClassVar[tuple[str, ...]] = ("name",)

    name = models.CharField(_("名称"), max_length=60, db_collation=PINYIN)
    colours = ArrayField(
        models.CharField(max_length=8, choices=WarningColour),
        verbose_name=_("适用级别"),
        default=list,
        blank=True,
        help_text=_("不选则各级都适用。"),
    )
    posts = ArrayField(
        models.CharField(max_length=24, choices=POSTS),
        verbose_name=_("适用岗位"),
        default=list,
        blank=True,
        help_text=_("不选则各类岗位都适用。"),
    )
    from_time = models.TimeField(
        _("开始时刻"), null=True, blank=True, help_text=_("如 22:00；不填则全天适用。")
    )
    until_time = models.TimeField(_("结束时刻"), null=True, blank=True)
    steps = models.TextField(
        _("步骤"),
        max_length=1000,
        help_text=_(
            "每行一步：时间 对象 方式，如“立即 本人 站内、短信”“3分钟 本人 语音 3次 间隔100秒”“9分钟 替补 短信、语音”“12分钟 上级值班”“20分钟 上门”。"
        ),
    )
    source = models.CharField(_("依据"), max_length=200, blank=True)
    certain = models.BooleanField(_("已核实"), default=False)

    class Meta(Record.Meta):
        verbose_name = _("叫应阶梯")
        verbose_name_plural = _("叫应阶梯")
        constraints = (
            models.UniqueConstraint(
                fields=("unit", "name", "exercise"),
                condition=Q(retired_at__isnull=True),
                nulls_distinct=False,
                name="ladder_once",
            ),
            models.CheckConstraint(condition=~Q(name="") & ~Q(steps=""), name="ladder_is_named"),
            models.CheckConstraint(
                condition=Q(from_time__isnull=True, until_time__isnull=True)
                | Q(from_time__isnull=False, until_time__isnull=False),
                name="ladder_has_both_hours",
            ),
        )
        indexes = (
            models.Index(fields=("name", "id"), name="ladder_by_name"),
            GinIndex(fields=("search",), name="ladder_search"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def rungs(self) -> list[Rung]:
        return rungs_of(self.steps)

    def clean(self) -> None:
        """Write the steps as they are kept. raises ValidationError that names the line"""
        self.name = self.name.strip()
        self.steps = "\n".join(" ".join(line.split()) for line in self.steps.splitlines() if line.strip())
        try:
            rungs_of(self.steps)
        except WrongStep as wrong:
            raise ValidationError({"steps": str(wrong)}) from wrong
        if (self.from_time is None) != (self.until_time is None):
            raise ValidationError({"until_time": gettext("开始、结束时刻要么都填，要么都不填。")})
        if self.from_time is not None and self.from_time == self.until_time:
            raise ValidationError({"until_time": gettext("结束时刻不能与开始时刻相同。全天适用则都不填。")})
