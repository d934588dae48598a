"""Alarm bells: addresses, the entry in the navigation, and how a bell is named and opened from elsewhere."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.rooms import Door
from anlan.kernel.subjects import Subject
from rooms.respond.bell import views

PREFIX = "respond/bell/"
DOORS = (Door("respond", _("警铃"), "bell_list", "bell", "respond.bell.read"),)
SUBJECTS = (Subject("bell.bell", "respond.bell.read", "bell_detail", attach="respond.bell.answer"),)

urlpatterns = [
    path("", views.bell_list, name="bell_list"),
    path("ring/", views.bell_ring, name="bell_ring"),
    path("silence/", views.bell_silence, name="bell_silence"),
    path("<uuid:bell_id>/", views.bell_detail, name="bell_detail"),
    path("<uuid:bell_id>/answer/", views.bell_answer, name="bell_answer"),
    path("<uuid:bell_id>/close/", views.bell_close, name="bell_close"),
]
