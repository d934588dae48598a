"""Errands: addresses, the entry in the navigation, and how an errand is named and opened from elsewhere."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.rooms import Door
from anlan.kernel.subjects import Subject
from anlan.message.errand import views

PREFIX = "message/errands/"
DOORS = (Door("message", _("上门任务"), "errand_list", "walk", "message.errand.read"),)
SUBJECTS = (Subject("errand.errand", "message.errand.read", "errand_detail", attach="message.errand.visit"),)

urlpatterns = [
    path("", views.errand_list, name="errand_list"),
    path("<uuid:errand_id>/", views.errand_detail, name="errand_detail"),
    path("<uuid:errand_id>/visit/", views.errand_visit, name="errand_visit"),
]
