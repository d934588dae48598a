"""Brings the database up to this version: migrations, cache table, roles, static files, and the demo's data."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils.translation import gettext as _

from anlan.kernel import escalation, numbering, rules, seeds
from anlan.kernel.context import Context
from anlan.kernel.models import User
from anlan.site import demo
from anlan.site.demo.services import carriers

if TYPE_CHECKING:
    import argparse


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--mode", choices=("up", "demo", "test"), default="up")
        parser.add_argument("--scale", type=int, default=1, help="size of the demo")
        parser.add_argument("--carrier", action="append", default=[], help="of the demo: CODE=ADDRESS")

    def handle(self, *_args: Any, mode: str, scale: int, carrier: list[str], **_options: Any) -> None:
        with connection.cursor() as cursor:
            # A migration that cannot have its lock gives up, rather than making every page wait behind it.
            cursor.execute("SET lock_timeout = '4s'")
        call_command("migrate", verbosity=0, interactive=False)
        if refused := demo.why_not(mode):
            raise CommandError(refused)
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["dist"])
        seeds.load_roles()
        rules.load_all()
        numbering.load_series()
        escalation.wake_daily(Context(None))
        if mode == "demo":
            demo.ensure(scale)
            carriers.point_carriers(dict(one.split("=", 1) for one in carrier))
        elif mode == "up" and not User.objects.exists():
            seeds.load_first_administrator(*_administrator())


def _administrator() -> tuple[str, str]:
    """Name and password of the first administrator, from the settings or the terminal."""
    name, password = settings.ANLAN.admin_name, settings.ANLAN.admin_password
    if not name:
        return _asked()
    try:
        validate_password(password, User(username=name))
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    return name, password


def _asked() -> tuple[str, str]:
    """The same from the terminal; what does not do is asked again."""
    if not sys.stdin.isatty():
        raise CommandError(
            _("首次启动需要管理员：请设置 ANLAN_ADMIN_NAME 和 ANLAN_ADMIN_PASSWORD，或在终端启动。")
        )
    length = settings.ANLAN.password_length
    while True:
        name = input(_("系统管理员登录名：")).strip()
        try:
            User._meta.get_field("username").clean(name, None)
        except ValidationError as error:
            sys.stderr.write("".join(f"{said}\n" for said in error.messages))
            continue
        password = getpass.getpass(
            _("密码（至少 %(length)s 位，大小写字母、数字、符号中至少三种；输入时不显示）：")
            % {"length": length}
        )
        try:
            validate_password(password, User(username=name))
        except ValidationError as error:
            sys.stderr.write("".join(f"{said}\n" for said in error.messages))
            continue
        if password == getpass.getpass(_("再输一次：")):
            return name, password
        sys.stderr.write(_("两次输入的密码不一致，请重新输入。") + "\n")
