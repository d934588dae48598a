"""Carriers and deliveries: addresses, entries in the navigation, and how a record is opened from elsewhere."""

from django.utils.translation import gettext_lazy as _

from anlan.kernel.register.views import urls_of
from anlan.kernel.rooms import Door
from anlan.kernel.subjects import Subject
from anlan.message.channel.register import CARRIERS

PREFIX = "channels/"
DOORS = (Door("message", _("发送渠道"), "channel_list", "send", "message.channel.read"),)
SUBJECTS = (Subject("channel.carrier", "message.channel.read", "channel_detail"),)

urlpatterns = [*urls_of(CARRIERS)]
