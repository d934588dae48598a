from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HydrantConfig(AppConfig):
    name = "rooms.prevent.hydrant"
    label = "hydrant"
    verbose_name = _("消火栓")
