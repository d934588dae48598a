from django.utils.translation import gettext_lazy as _

from anlan.kernel.register.views import urls_of
from anlan.kernel.rooms import Door
from anlan.kernel.subjects import Subject
from rooms.prevent.hydrant.register import HYDRANTS

PREFIX = "prevent/hydrant/"
DOORS = (Door("prevent", _("消火栓"), "hydrant_list", "building", "prevent.hydrant.read"),)
SUBJECTS = (Subject("hydrant.hydrant", "prevent.hydrant.read", "hydrant_detail"),)

urlpatterns = urls_of(HYDRANTS)
