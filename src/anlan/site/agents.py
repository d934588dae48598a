"""What a browser calls itself, in two words a person knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.http import HttpRequest

# The first that is found counts: nearly all of them claim to be Chrome and Safari as well.
BROWSERS = (
    ("MicroMessenger", gettext_lazy("微信")),
    ("DingTalk", gettext_lazy("钉钉")),
    ("QQBrowser", gettext_lazy("QQ 浏览器")),
    ("360SE", gettext_lazy("360 浏览器")),
    ("QIHU", gettext_lazy("360 浏览器")),
    ("UBrowser", gettext_lazy("UC 浏览器")),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("HarmonyOS", gettext_lazy("鸿蒙")),
    ("OpenHarmony", gettext_lazy("鸿蒙")),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Kylin", gettext_lazy("麒麟")),
    ("UOS", gettext_lazy("统信 UOS")),
    ("Linux", "Linux"),
)


def name_of(agent: str) -> str:
    """Browser and system: Chrome · Windows. What is not known is called so."""
    browser = next((str(name) for sign, name in BROWSERS if sign in agent), "")
    system = next((str(name) for sign, name in SYSTEMS if sign in agent), "")
    return " · ".join(part for part in (browser, system) if part) or _("未知的浏览器")


def where(request: HttpRequest) -> str:
    """From where a request comes: address and browser."""
    return f"{request.META.get('REMOTE_ADDR', '')} · {name_of(request.META.get('HTTP_USER_AGENT', ''))}"
