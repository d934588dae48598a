"""Imports divisions of the country into the organisation tree; ./anlan divisions calls it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from anlan.kernel.context import Context
from anlan.kernel.errors import DomainError
from anlan.kernel.models import Unit
from anlan.kernel.tasks import Progress
from anlan.launcher.words import words
from anlan.organisation.division import selectors, services
from anlan.protocols.divisions import full_code

if TYPE_CHECKING:
    import argparse


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # `prepare` made them; here they would load every page

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("codes", nargs="*", metavar="CODE", help="2, 4, 6, 9 or 12 digits")
        parser.add_argument("--all", action="store_true", help="the whole country")
        parser.add_argument(
            "--below", metavar="CODE", default="", help="the unit to hang it below, by its code"
        )
        parser.add_argument(
            "--from", dest="folder", type=Path, help="take the five csv files from this folder"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        with translation.override(words("zh-hans", "en")):
            try:
                self._work(**options)
            except DomainError as refusal:
                raise CommandError(str(refusal)) from refusal

    def _work(self, codes: list[str], folder: Path | None, below: str, **options: Any) -> None:
        if Unit._meta.db_table not in connection.introspection.table_names():
            raise CommandError(
                _("节点还没有启动过，没有地方可以导入。请先执行 ./anlan up，设立系统管理员后再导入。")
            )
        ctx = Context(None, powers=frozenset({selectors.IMPORT}))
        if options["all"] == bool(codes) and (codes or folder is None):
            raise CommandError(_("请写明一个或几个代码，或 --all（全国），二者取一。"))
        wanted = [_full(code) for code in codes] or [""] * options["all"]
        above = _unit(ctx, below) if below else None
        if folder is not None:
            count = services.keep_lists(ctx, folder)
            self.stdout.write(_("名录完整，共 %(count)s 个区划，已存入本节点。") % {"count": f"{count:,}"})
        root = selectors.find_unnamed_root(ctx) if above is None else None
        as_root = root is not None and len(codes) == 1
        if root is not None:
            above = (
                None if as_root else root.pk
            )  # a second root would lie outside the scope of all who are there
            said = _("“%(root)s”成为该区划。") if as_root else _("挂在“%(root)s”之下。")
            self.stdout.write(said % {"root": root.name})
        for code in wanted:
            done = services.import_divisions(ctx, code, above, _Told(self), as_root=as_root)
            said = _("%(code)s：新增 %(added)s，更名 %(renamed)s，停用 %(retired)s。")
            figures = {"added": done.added, "renamed": done.renamed, "retired": done.retired}
            self.stdout.write(said % {"code": code or _("全国"), **figures})


class _Told(Progress):
    """Progress for whoever waits at a terminal."""

    def __init__(self, command: Command) -> None:
        super().__init__()
        self._out = command.stderr

    def step(self, number: int = 1) -> None:
        super().step(number)
        if self._out.isatty():
            self._out.write(f"\r{self.done} / {self.expected or '…'}", ending="\r")


def _full(code: str) -> str:
    try:
        return full_code(code)
    except ValueError as error:
        raise CommandError(
            _("“%(code)s”不是区划代码：应为 2、4、6、9 或 12 位数字。") % {"code": code}
        ) from error


def _unit(ctx: Context, code: str) -> int:
    unit = selectors.find_unit(ctx, code)
    if unit is None:
        raise CommandError(_("组织树中没有代码为“%(code)s”的单位。") % {"code": code})
    return unit.pk
