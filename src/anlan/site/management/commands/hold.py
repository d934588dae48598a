"""Holds the node: a restore calls this before anything can go out a second time."""

from typing import Any

from django.core.management.base import BaseCommand

from anlan.kernel.node import hold_node


class Command(BaseCommand):
    help = __doc__

    def handle(self, *_args: Any, **_options: Any) -> None:
        hold_node()
