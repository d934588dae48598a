"""For who can't get in and whom nobody else can help: a new initial password, and no second factor any more.

    ./anlan manage let_in NAME

Whoever may run commands on the machine could do this anyhow; by this command it is journalled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from anlan.kernel import users
from anlan.kernel.context import Context
from anlan.kernel.errors import DomainError
from anlan.kernel.models import User

if TYPE_CHECKING:
    import argparse


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *_args: Any, name: str, **_options: Any) -> None:
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(_("没有登录名为“%(name)s”的用户。") % {"name": name})
        ctx = Context(None, powers=frozenset({users.RESET}))
        why = _("在服务器上用命令办理")
        try:
            with transaction.atomic():
                user, password = users.reset_password(ctx, user.pk, why)
                if users.has_second_factor(user):
                    users.lift_second_factor(ctx, user.pk, why)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(_("新的初始密码：%(password)s") % {"password": password})
        if not user.is_active:
            self.stdout.write(_("该用户已停用，须由安全管理员启用后才能登录。"))
