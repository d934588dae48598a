from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.rooms import Door, FirstStep
from anlan.organisation.division import selectors, views

PREFIX = "divisions/"
DOORS = (Door("organisation", _("行政区划"), "division_list", "sitemap", selectors.IMPORT),)
FIRST_STEPS = (
    FirstStep(
        2,
        selectors.IMPORT,
        _("导入行政区划"),
        _("乡镇、村和社区一次导入为单位；角色授在单位上，人员登记在单位里。"),
        "division_list",
    ),
)

urlpatterns = [
    path("", views.division_list, name="division_list"),
    path("<slug:code>/", views.division_import, name="division_import"),
]
