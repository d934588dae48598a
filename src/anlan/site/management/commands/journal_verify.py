"""Verifies the journal; ./anlan journal verify calls it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from anlan.kernel import verify
from anlan.launcher.words import words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from anlan.kernel.verify import Report


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # `prepare` made them; here they would load every page

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        with translation.override(words("zh-hans", "en")):
            report = verify.run(self._progress)
            if options["json"]:
                self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
            else:
                for line in as_text(report):
                    self.stdout.write(line)
        if not report.ok:
            raise SystemExit(1)

    def _progress(self, done: int, total: int) -> None:
        """Tell whoever waits at a terminal; elsewhere only the result counts."""
        if self.stderr.isatty():
            self.stderr.write(f"\r{done} / {total}", ending="\r")


def as_text(report: Report) -> Iterator[str]:
    """The report for people, line by line."""
    for finding in report.findings:
        yield f"✗ {finding}"
    if report.found > len(report.findings):
        yield _("……只列出前 %(shown)s 处。") % {"shown": len(report.findings)}
    yield _("留痕核验通过。") if report.ok else _("发现 %(count)s 处问题。") % {"count": report.found}
    yield _("核对已封存的留痕 %(entries)s 条、封存 %(seals)s 个，用时 %(seconds).1f 秒。") % {
        "entries": report.entries,
        "seals": report.seals,
        "seconds": report.seconds,
    }
    if report.last_sealed_at:
        yield _("最后一个封存：第 %(number)s 号，%(at)s，%(hash)s") % {
            "number": report.last_seal,
            "at": _shown(report.last_sealed_at),
            "hash": report.last_hash,
        }
    if report.unsealed_since:
        yield _("待封存 %(count)s 条，最早一条记录于 %(at)s。") % {
            "count": report.unsealed,
            "at": _shown(report.unsealed_since),
        }
    else:
        yield _("没有待封存的留痕。")
    if report.last_anchored_at:
        yield _("有效锚定 %(count)s 次，最后一次为第 %(number)s 号封存，%(at)s。") % {
            "count": report.anchors,
            "number": report.last_anchor,
            "at": _shown(datetime.fromisoformat(report.last_anchored_at)),
        }
    elif report.seals:
        yield _("没有锚定：改写全部封存将无法发现。")


def _shown(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")
