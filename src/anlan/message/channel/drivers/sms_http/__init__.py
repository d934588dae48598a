"""SMS through a gateway that speaks docs/integrator/gateway.md."""

from django.utils.translation import gettext_lazy as _

from anlan.message.channel.drivers import Driver
from anlan.message.channel.drivers.posting import HttpLine
from anlan.message.channel.terms import Channel

DRIVER = Driver(Channel.SMS, _("短信网关（HTTP）"), lambda account: HttpLine(account, "messages"))
