from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DivisionConfig(AppConfig):
    name = "anlan.organisation.division"
    label = "division"
    verbose_name = _("行政区划")
