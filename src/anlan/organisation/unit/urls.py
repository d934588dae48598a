from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.finding import Search
from anlan.kernel.register.finding import finder_of
from anlan.kernel.register.views import urls_of
from anlan.kernel.rooms import Door, FirstStep
from anlan.kernel.subjects import Subject
from anlan.organisation.unit import views
from anlan.organisation.unit.register import UNITS

PREFIX = "units/"
DOORS = (Door("organisation", _("单位"), "unit_list", "building", "organisation.unit.read"),)
SEARCHES = (Search(_("单位"), "organisation.unit.read", finder_of(UNITS), "unit_list"),)
FIRST_STEPS = (
    FirstStep(
        3,
        "organisation.unit.edit",
        _("登记政府、部门等单位"),
        _("行政区划以外的单位，逐个新建，或用 Excel 导入。"),
        "unit_list",
    ),
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
    *urls_of(UNITS),
    path("<int:key>/describe/", views.unit_describe, name="unit_describe"),
    path("<int:key>/place/", views.unit_place, name="unit_place"),
    path("<int:key>/area/", views.unit_area, name="unit_area"),
    path("<int:key>/move/", views.unit_move, name="unit_move"),
    path("<int:key>/merge/", views.unit_merge, name="unit_merge"),
    path("<int:key>/split/", views.unit_split, name="unit_split"),
]
