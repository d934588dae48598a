from django.utils.translation import gettext_lazy as _

from anlan.kernel.register.views import urls_of
from anlan.kernel.rooms import Door
from anlan.kernel.subjects import Subject
from anlan.message.neighbour.register import NEIGHBOURS

PREFIX = "message/neighbours/"
DOORS = (Door("message", _("邻村互助"), "neighbour_list", "building-community", "message.neighbour.read"),)
SUBJECTS = (Subject("neighbour.neighbour", "message.neighbour.read", "neighbour_detail"),)

urlpatterns = urls_of(NEIGHBOURS)
