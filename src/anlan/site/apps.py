from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SiteConfig(AppConfig):
    name = "anlan.site"
    label = "site"
    verbose_name = _("站点")

    def ready(self) -> None:
        # Only now: it needs the tables of apps that come after this one.
        from anlan.site import log_in_journal  # noqa: PLC0415

        log_in_journal.connect()
