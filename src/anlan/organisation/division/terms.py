"""What the levels of divisions are called, and what may be done with them."""

from django.db.models import IntegerChoices
from django.utils.translation import gettext_lazy as _


class DivisionLevel(IntegerChoices):
    PROVINCE = 1, _("省级")
    CITY = 2, _("地级")
    COUNTY = 3, _("县级")
    TOWNSHIP = 4, _("乡级")
    VILLAGE = 5, _("村级")


CAPABILITIES = {
    "organisation.division.import": _("导入行政区划"),
}
