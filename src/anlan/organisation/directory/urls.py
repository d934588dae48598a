"""The directory: its addresses and its entry in the navigation."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.rooms import Door
from anlan.organisation.directory import views

PREFIX = ""
DOORS = (
    Door("organisation", _("通讯录"), "directory_search", "address-book", "organisation.directory.read"),
)

urlpatterns = [
    path("directory/", views.directory_search, name="directory_search"),
    path("directory/sheet/<int:unit_id>/", views.directory_sheet, name="directory_sheet"),
    path("contacts/", views.directory_public, name="directory_public"),
]
