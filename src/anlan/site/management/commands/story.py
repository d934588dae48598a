"""Plays a story on the running demo; ./anlan demo --story calls it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from anlan.site.story.moves import MOVES
from anlan.site.story.playing import PACES, Place, Player
from anlan.site.story.script import ScriptError, names, read

if TYPE_CHECKING:
    import argparse


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # `prepare` made them

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", help=f"{', '.join(names())}, or a file")
        parser.add_argument("--pace", choices=PACES, default="watch")
        parser.add_argument("--await", dest="awaited", default="", help="log-ins whose part a person plays")
        parser.add_argument("--address", required=True, help="of the node")

    def handle(self, *_args: Any, name: str, pace: str, awaited: str, address: str, **_options: Any) -> None:
        try:
            story = read(name, frozenset(MOVES))
        except ScriptError as error:
            raise CommandError(str(error)) from error
        var, run = settings.ANLAN.var, settings.ANLAN.run
        if settings.ANLAN.mode != "demo" or var is None or run is None:
            raise CommandError(_("故事只在演示中上演：请用 ./anlan demo --story。"))
        place = Place(address, var / "public/anlan-ca.crt", var, Path(run))
        parts = frozenset(filter(None, awaited.split(",")))
        player = Player(story, place, PACES[pace], parts, self._say)
        self._say(_("开始上演：%(title)s") % {"title": story.title})
        failures = player.play()
        player.rest()
        for said, page in player.pages():
            self._say(f"{said} {address.rstrip('/')}{page}")
        if failures:
            self._say(_("演完：有 %(count)s 步没有达到预期。") % {"count": failures})
            sys.exit(1)
        self._say(_("演完：每一步都达到预期。"))

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
