"""What may be done with the directory."""

from django.utils.translation import gettext_lazy as _

CAPABILITIES = {
    "organisation.directory.read": _("查通讯录"),
}
