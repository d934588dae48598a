from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HelperConfig(AppConfig):
    name = "anlan.organisation.helper"
    label = "helper"
    verbose_name = _("报到人员")
