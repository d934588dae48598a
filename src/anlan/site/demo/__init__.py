"""The demo: which database is one, who may log in there. Its district is real, all that is said of people is invented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.kernel import second_factor, seeds
from anlan.kernel.models import User
from anlan.site.demo import district

if TYPE_CHECKING:
    from django.http import HttpRequest

PASSWORD = "anlan-demo-2026"  # noqa: S105 - printed at every start; the demo listens on this machine only


def is_loaded() -> bool:
    """Whether this database is a demo's: it holds units that are marked as such."""
    return seeds.has_units(district.MARKS)


def why_not(mode: str) -> str:
    """Why this database cannot serve that mode, or "": the demo's log-ins are known to all and never meet real data."""
    if mode == "up" and is_loaded():
        return _("这里是演示数据，演示密码人人皆知，不能用于正式运行。请用 ANLAN_VAR 另选数据目录。")
    if mode == "demo" and User.objects.exists() and not is_loaded():
        return _("这里已有正式数据，不能装入演示账号。请用 ANLAN_VAR 另选数据目录。")
    return ""


def ensure(scale: int) -> None:
    """Have the district in place. Its own command does that, so that only a first start reads what draws its map."""
    if not seeds.has_units([district.last_code(scale)]):
        call_command("demo_load", scale=scale)


def for_log_in_page(request: HttpRequest) -> dict[str, Any]:
    """Template context: who may log in, on the demo's log-in page and nowhere else."""
    if settings.ANLAN.mode != "demo" or request.path != reverse("account_login"):
        return {}
    return {
        "demo_cast": district.read_json("cast.json"),
        "demo_password": PASSWORD,
        "demo_second_factor": second_factor.is_required(),
    }


def log_ins_as_text() -> str:
    """The cast as a table for the terminal."""
    lines = [
        f"  {member['username']:<12}{member['display_name']}" for member in district.read_json("cast.json")
    ]
    return "\n".join([_("演示登录名（密码均为 %(password)s）：") % {"password": PASSWORD}, *lines])
