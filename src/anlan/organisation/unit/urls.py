from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.finding import Search
from anlan.kernel.rooms import Door, FirstStep
from anlan.kernel.subjects import Subject
from anlan.organisation.unit import views

PREFIX = "units/"
DOORS = (Door("organisation", _("单位"), "unit_list", "building", "organisation.unit.read"),)
SEARCHES = (Search(_("单位"), "organisation.unit.read", views.find_units, "unit_list"),)
FIRST_STEPS = (
    FirstStep(
        5,
        "organisation.unit.read",
        _("看一看您的管理范围"),
        _("您能看到和办理的，就是这些单位的事。"),
        "unit_list",
    ),
)
SUBJECTS = (Subject("kernel.unit", "organisation.unit.read", "unit_detail"),)

urlpatterns = [
    path("", views.unit_list, name="unit_list"),
    path("<int:unit_id>/", views.unit_detail, name="unit_detail"),
]
