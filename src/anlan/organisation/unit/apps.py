from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UnitConfig(AppConfig):
    name = "anlan.organisation.unit"
    label = "unit"
    verbose_name = _("单位")
