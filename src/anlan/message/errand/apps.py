from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ErrandConfig(AppConfig):
    name = "anlan.message.errand"
    label = "errand"
    verbose_name = _("上门核实")
