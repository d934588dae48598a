from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChannelConfig(AppConfig):
    name = "anlan.message.channel"
    label = "channel"
    verbose_name = _("发送渠道")
