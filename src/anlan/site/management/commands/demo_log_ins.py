"""Prints who may log in to the demo."""

from typing import Any

from django.core.management.base import BaseCommand

from anlan.site import demo


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # `prepare` made them; here they would load every page

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(demo.log_ins_as_text())
