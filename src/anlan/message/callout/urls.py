"""Callouts: addresses, the entry in the navigation, what stands on the home page, and how a callout is opened from elsewhere."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.rooms import Door, FirstStep, HomePart
from anlan.kernel.subjects import Subject
from anlan.message.callout import views

PREFIX = "message/callouts/"
DOORS = (
    Door("message", _("叫应"), "callout_list", "bell-ringing", "message.callout.read"),
    Door("message", _("可达性"), "callout_reach", "phone-call", "message.callout.read"),
)
FIRST_STEPS = (
    FirstStep(
        2,
        "message.callout.open",
        _("做一次可达性测试"),
        _("先知道哪些责任人叫不到，比出事时才知道好。"),
        "callout_reach",
    ),
)
SUBJECTS = (Subject("callout.callout", "message.callout.read", "callout_detail"),)
HOME = (HomePart("callout/_mine.html", views.mine),)

urlpatterns = [
    path("", views.callout_list, name="callout_list"),
    path("open/", views.callout_open, name="callout_open"),
    path("reach/", views.callout_reach, name="callout_reach"),
    path("people/<int:recipient_id>/", views.callout_recipient, name="callout_recipient"),
    path("people/<int:recipient_id>/look/", views.callout_look, name="callout_look"),
    path("people/<int:recipient_id>/take/", views.callout_take, name="callout_take"),
    path("people/<int:recipient_id>/note/", views.callout_note, name="callout_note"),
    path("people/<int:recipient_id>/confirm/", views.callout_confirm, name="callout_confirm"),
    path("people/<int:recipient_id>/visit/", views.callout_visit, name="callout_visit"),
    path("people/<int:recipient_id>/answer/", views.callout_answer, name="callout_answer"),
    path("<uuid:callout_id>/", views.callout_board, name="callout_board"),
    path("<uuid:callout_id>/map/", views.callout_map, name="callout_map"),
    path("<uuid:callout_id>/about/", views.callout_detail, name="callout_detail"),
    path("<uuid:callout_id>/people/", views.callout_people, name="callout_people"),
    path("<uuid:callout_id>/attempts/", views.callout_attempts, name="callout_attempts"),
    path("<uuid:callout_id>/export/", views.callout_export, name="callout_export"),
    path("<uuid:callout_id>/export/pdf/", views.callout_pdf, name="callout_pdf"),
    path("<uuid:callout_id>/extend/", views.callout_extend, name="callout_extend"),
    path("<uuid:callout_id>/stop/", views.callout_stop, name="callout_stop"),
]
