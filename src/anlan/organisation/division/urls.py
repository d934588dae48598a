from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.rooms import Door
from anlan.organisation.division import selectors, views

PREFIX = "divisions/"
DOORS = (Door("organisation", _("行政区划"), "division_list", "sitemap", selectors.IMPORT),)

urlpatterns = [
    path("", views.division_list, name="division_list"),
    path("<slug:code>/", views.division_import, name="division_import"),
]
