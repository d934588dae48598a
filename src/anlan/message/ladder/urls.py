from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.register.views import urls_of
from anlan.kernel.rooms import Door
from anlan.kernel.subjects import Subject
from anlan.message.ladder import views
from anlan.message.ladder.register import LADDERS

PREFIX = "message/ladders/"
DOORS = (Door("message", _("叫应阶梯"), "ladder_list", "list-numbers", "message.ladder.read"),)
SUBJECTS = (Subject("ladder.ladder", "message.ladder.read", "ladder_detail"),)

urlpatterns = [
    path("adopt/", views.ladder_adopt, name="ladder_adopt"),
    path("<uuid:key>/simulate/", views.ladder_simulate, name="ladder_simulate"),
    *urls_of(LADDERS),
]
