from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LadderConfig(AppConfig):
    name = "anlan.message.ladder"
    label = "ladder"
    verbose_name = _("叫应阶梯")
