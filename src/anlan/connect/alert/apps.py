from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlertConfig(AppConfig):
    name = "anlan.connect.alert"
    label = "alert"
    verbose_name = _("外部预警报文")
