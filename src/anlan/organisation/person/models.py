"""People as units know them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.kernel import personal
from anlan.kernel.models import Record, Registered
from anlan.kernel.search import PINYIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anlan.kernel.personal import Mask

IDENTITY = re.compile(r"\d{17}[\dX]")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"


class Person(Record, Registered):
    """One who works for a unit, his home unit; what he is charged with stands in his postings.

    code         by which an import knows him again; None: he has none
    title        his rank or position in words (副镇长), not a post
    user         the account he logs in with; None: he does not
    identity     number of the identity card (GB 11643)
    """

    SEARCHED: ClassVar[tuple[str, ...]] = ("name", "code", "title")
    PERSONAL: ClassVar[Mapping[str, Mask]] = {"identity": personal.digits}

    code = models.CharField(_("编号"), max_length=32, null=True, blank=True)
    name = models.CharField(_("姓名"), max_length=64, db_collation=PINYIN)
    title = models.CharField(_("职务"), max_length=64, blank=True)
    user = models.OneToOneField(
        "kernel.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="person",
        verbose_name=_("登录用户"),
    )
    party_member = models.BooleanField(_("党员"), default=False)
    identity = models.CharField(_("身份证号"), max_length=18, blank=True)
    note = models.TextField(_("备注"), blank=True, max_length=500)

    class Meta(Record.Meta):
        verbose_name = _("人员")
        verbose_name_plural = _("人员")
        constraints = (
            models.UniqueConstraint(
                fields=("code",), condition=Q(exercise__isnull=True), name="person_code_once"
            ),
            models.UniqueConstraint(fields=("exercise", "code"), name="person_code_once_in_exercise"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(code=""), name="person_is_named"),
        )
        indexes = (
            models.Index(fields=("name", "id"), name="person_by_name"),
            models.Index(fields=("name", "id"), name="person_retired", condition=Q(retired_at__isnull=False)),
            models.Index(fields=("unit", "name"), name="person_of_unit"),
            GinIndex(fields=("search",), name="person_search"),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """raises ValidationError for what is no identity number"""
        self.name = "".join(self.name.split()) if not self.name.isascii() else self.name.strip()
        self.identity = self.identity.strip().upper()
        if self.identity and not _is_identity(self.identity):
            raise ValidationError({"identity": gettext("身份证号应为 18 位，校验码不符。请对照证件核对。")})


def _is_identity(number: str) -> bool:
    if not IDENTITY.fullmatch(number):
        return False
    weighted = sum(int(digit) * weight for digit, weight in zip(number, WEIGHTS, strict=False))
    return CHECK_DIGITS[weighted % 11] == number[-1]
