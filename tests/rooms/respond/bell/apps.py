from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BellConfig(AppConfig):
    name = "rooms.respond.bell"
    label = "bell"
    verbose_name = _("警铃")
