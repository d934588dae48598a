from django.utils.translation import gettext_lazy as _

from anlan.kernel.register.views import urls_of
from anlan.kernel.rooms import Door
from anlan.kernel.subjects import Subject
from anlan.organisation.unit.register import UNITS

PREFIX = "units/"
DOORS = (Door("organisation", _("单位"), "unit_list", "building", "organisation.unit.read"),)
SUBJECTS = (Subject("kernel.unit", "organisation.unit.read", "unit_detail"),)

urlpatterns = urls_of(UNITS)
