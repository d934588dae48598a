"""Every address of the node: the shell's own, log-in, the API, and what the rooms bring."""

from allauth.account import views as account
from django.conf import settings
from django.urls import include, path

from anlan.kernel import (
    escalation,  # noqa: F401 - no page calls it, but timelines name its events
    rooms,
    sharing,  # noqa: F401 - the same
)
from anlan.site import views
from anlan.site.api import api
from anlan.site.pages import (
    access,
    access_people,
    choices,
    duties,
    exercises,
    files,
    journal,
    log_in,
    notices,
    obligations,
    tasks,
)

for _room in rooms.find():
    for _part in ("events", "register"):
        _room.part(_part)  # a room without pages has events, too

PAGES = (
    obligations,
    duties,
    journal,
    access,
    access_people,
    log_in,
    tasks,
    files,
    notices,
    choices,
    exercises,
)

urlpatterns = [
    path("", views.home, name="home"),
    path("-/alive", views.alive, name="alive"),
    path("ca/", views.ca_page, name="ca_page"),
    path("preferences/", views.preferences, name="preferences"),
    path("find/", views.find, name="find"),
    path("welcomed/", views.welcomed, name="welcomed"),
    path("posting/", views.posting, name="posting"),
    path("node/", views.node_status, name="node_status"),
    path("node/self-check/", views.node_selfcheck, name="node_selfcheck"),
    path("node/self-check/<int:check_id>/", views.node_selfcheck_result, name="node_selfcheck_result"),
    path("node/release/", views.node_release, name="node_release"),
    path("account/login/", account.login, name="account_login"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("api/v1/", api.urls),
    *(path(part.PREFIX, include(part)) for part in PAGES),
    *(
        path(urls.PREFIX, include(f"{room.module}.urls"))
        for room in rooms.find()
        if (urls := room.part("urls")) is not None
    ),
]
if settings.ANLAN.mode != "up":
    urlpatterns += [
        path("styleguide/", views.styleguide, name="styleguide"),
        path("styleguide/<slug:form>/", views.styleguide, name="styleguide_form"),
    ]

handler400 = "anlan.site.views.bad_request"
handler403 = "anlan.site.views.forbidden"
handler404 = "anlan.site.views.not_found"
handler429 = "anlan.site.views.too_many"  # allauth looks for it
handler500 = "anlan.site.views.server_error"
