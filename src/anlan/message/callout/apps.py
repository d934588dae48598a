from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CalloutConfig(AppConfig):
    name = "anlan.message.callout"
    label = "callout"
    verbose_name = _("叫应")
