from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.register.views import urls_of
from anlan.kernel.rooms import Door
from anlan.kernel.subjects import Subject
from anlan.organisation.unit import views
from anlan.organisation.unit.register import UNITS

PREFIX = "units/"
DOORS = (Door("organisation", _("单位"), "unit_list", "building", "organisation.unit.read"),)
SUBJECTS = (Subject("kernel.unit", "organisation.unit.read", "unit_detail"),)

urlpatterns = [
    *urls_of(UNITS),
    path("suggest/<slug:name>/", views.unit_suggest, name="unit_suggest"),
    path("<int:key>/describe/", views.unit_describe, name="unit_describe"),
    path("<int:key>/move/", views.unit_move, name="unit_move"),
    path("<int:key>/merge/", views.unit_merge, name="unit_merge"),
    path("<int:key>/split/", views.unit_split, name="unit_split"),
]
