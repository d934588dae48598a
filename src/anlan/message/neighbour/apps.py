from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NeighbourConfig(AppConfig):
    name = "anlan.message.neighbour"
    label = "neighbour"
    verbose_name = _("邻村互助")
