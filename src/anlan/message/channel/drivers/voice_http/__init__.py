"""Calls through a platform that speaks docs/integrator/gateway.md: it reads the text out and tells of keys."""

from django.utils.translation import gettext_lazy as _

from anlan.message.channel.drivers import Driver
from anlan.message.channel.drivers.posting import HttpLine
from anlan.message.channel.terms import Channel

DRIVER = Driver(Channel.VOICE, _("语音外呼（HTTP）"), lambda account: HttpLine(account, "calls"))
