from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class KernelConfig(AppConfig):
    name = "anlan.kernel"
    label = "kernel"
    verbose_name = _("内核")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # By name: models can't be imported before every app is there.
        for ground in ("anlan.kernel.history.install", "anlan.kernel.seeds.lay_ground"):
            post_migrate.connect(import_string(ground), sender=self)
