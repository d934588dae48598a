"""Puts the demo's district in place; a start of the demo calls it where it is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from anlan.site.demo.services import loading

if TYPE_CHECKING:
    import argparse


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # `prepare` made them

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--scale", type=int, default=1)

    def handle(self, *_args: Any, scale: int, **_options: Any) -> None:
        loading.load(scale)
