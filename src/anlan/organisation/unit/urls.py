from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.rooms import Door
from anlan.kernel.subjects import Subject
from anlan.organisation.unit import views

PREFIX = "units/"
DOORS = (Door("organisation", _("单位"), "unit_list", "building", "organisation.unit.read"),)
SUBJECTS = (Subject("kernel.unit", "organisation.unit.read", "unit_detail"),)

urlpatterns = [
    path("", views.unit_list, name="unit_list"),
    path("<int:unit_id>/", views.unit_detail, name="unit_detail"),
]
