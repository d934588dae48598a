from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KindConfig(AppConfig):
    name = "anlan.watch.kind"
    label = "kind"
    verbose_name = _("预警种类")
