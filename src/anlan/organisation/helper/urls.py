"""Those who have registered with communities: addresses, the entry in the navigation, how they are named from elsewhere."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.finding import Search
from anlan.kernel.register.finding import finder_of
from anlan.kernel.register.views import urls_of
from anlan.kernel.rooms import Door
from anlan.kernel.subjects import Subject
from anlan.organisation.helper import views
from anlan.organisation.helper.register import HELPERS
from anlan.organisation.helper.selectors import READ

PREFIX = "helpers/"
DOORS = (Door("organisation", _("报到人员"), "helper_list", "users", READ),)
SEARCHES = (Search(_("报到人员"), READ, finder_of(HELPERS), "helper_list"),)
SUBJECTS = (
    Subject("helper.helper", READ, "helper_detail"),
    Subject("helper.enlistment", READ, "helper_enlistment"),
)

urlpatterns = [
    path("enlisted/", views.helper_enlisted, name="helper_enlisted"),
    path("enlist/", views.helper_enlist, name="helper_enlist"),
    path("walk-in/", views.helper_walk_in, name="helper_walk_in"),
    path("release/", views.helper_release, name="helper_release"),
    path("enlistments/<uuid:enlistment_id>/", views.helper_enlistment, name="helper_enlistment"),
    *urls_of(HELPERS),
]
