"""Kinds of warning: addresses, the entry in the navigation, and how a kind is named and opened from elsewhere."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.register.views import urls_of
from anlan.kernel.rooms import Door
from anlan.kernel.subjects import Subject
from anlan.watch.kind import views
from anlan.watch.kind.register import KINDS

PREFIX = "warning-kinds/"
DOORS = (Door("watch", _("预警种类"), "kind_list", "alert-square", "watch.kind.read"),)
SUBJECTS = (Subject("kind.warningkind", "watch.kind.read", "kind_detail"),)

urlpatterns = [
    path("load/", views.kind_load, name="kind_load"),
    *urls_of(KINDS),
    path("<uuid:kind_id>/templates/<slug:colour>/", views.kind_template, name="kind_template"),
]
