"""Outside warnings: addresses, the entry in the navigation, and how they are named and opened from elsewhere."""

from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from anlan.connect.alert import views
from anlan.connect.alert.register import SOURCES
from anlan.kernel.register.views import urls_of
from anlan.kernel.rooms import Door
from anlan.kernel.subjects import Subject

PREFIX = "alerts/"
DOORS = (Door("connect", _("外部预警"), "alert_messages", "download", "connect.alert.read"),)
SUBJECTS = (
    Subject("alert.alertsource", "connect.alert.read", "alert_detail"),
    Subject("alert.alertmessage", "connect.alert.read", "alert_message"),
)

urlpatterns = [
    path("", views.alert_messages, name="alert_messages"),
    path("try/", views.alert_try, name="alert_try"),
    path("<uuid:message_id>/", views.alert_message, name="alert_message"),
    path("<uuid:message_id>/raw/", views.alert_raw, name="alert_raw"),
    path("<uuid:message_id>/replay/", views.alert_replay, name="alert_replay"),
    path("<uuid:message_id>/dismiss/", views.alert_dismiss, name="alert_dismiss"),
    path("sources/", include(urls_of(SOURCES))),
]
