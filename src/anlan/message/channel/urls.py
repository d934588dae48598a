"""Carriers and deliveries: addresses, entries in the navigation, and how a record is opened from elsewhere."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.register.views import urls_of
from anlan.kernel.rooms import Door
from anlan.kernel.subjects import Subject
from anlan.message.channel import views
from anlan.message.channel.register import CARRIERS

PREFIX = "channels/"
DOORS = (Door("message", _("发送情况"), "channel_doing", "send", "message.channel.read"),)
SUBJECTS = (
    Subject("channel.carrier", "message.channel.read", "channel_detail"),
    Subject("channel.delivery", "message.channel.read", "channel_delivery"),
)

urlpatterns = [
    path("doing/", views.channel_doing, name="channel_doing"),
    path("deliveries/", views.channel_deliveries, name="channel_deliveries"),
    path("deliveries/<uuid:delivery_id>/", views.channel_delivery, name="channel_delivery"),
    path("replies/", views.channel_replies, name="channel_replies"),
    path("replies/settle/", views.channel_settle, name="channel_settle"),
    path("permits/<int:permit_id>/close/", views.channel_close, name="channel_close"),
    path("<uuid:carrier_id>/open/", views.channel_open, name="channel_open"),
    path("<uuid:carrier_id>/test/", views.channel_test, name="channel_test"),
    *urls_of(CARRIERS),
]
