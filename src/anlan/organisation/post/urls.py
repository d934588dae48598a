"""Posts: addresses, the entry in the navigation, and how a post is named and opened from elsewhere."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.register.views import urls_of
from anlan.kernel.rooms import Door, FirstStep
from anlan.kernel.subjects import Subject
from anlan.organisation.post import views
from anlan.organisation.post.register import POSTS

PREFIX = "posts/"
DOORS = (Door("organisation", _("岗位"), "post_list", "id-badge-2", "organisation.post.read"),)
FIRST_STEPS = (
    FirstStep(
        3,
        "organisation.post.appoint",
        _("补齐空缺的责任人"),
        _("预警叫应、值班按岗位找人；空着的岗位在这里任命。"),
        "post_vacancies",
    ),
)
SUBJECTS = (
    Subject("post.post", "organisation.post.read", "post_detail"),
    Subject(
        "post.officecheck",
        "organisation.post.read",
        "office_check_detail",
        attach="organisation.post.check",
    ),
)

urlpatterns = [
    path("vacancies/", views.post_vacancies, name="post_vacancies"),
    path("required/", views.post_required, name="post_required"),
    path("found-missing/", views.post_found_missing, name="post_found_missing"),
    path("people/<slug:field>/", views.post_people, name="post_people"),
    *urls_of(POSTS),
    path("<uuid:post_id>/appoint/", views.post_appoint, name="post_appoint"),
    path("<uuid:post_id>/stand-in/", views.post_stand_in, name="post_stand_in"),
    path("postings/<uuid:posting_id>/end/", views.posting_end, name="posting_end"),
    path("absences/of/<uuid:person_id>/", views.absence_report, name="absence_report"),
    path("absences/<uuid:absence_id>/end/", views.absence_end, name="absence_end"),
    path("offices/", views.office_list, name="office_list"),
    path("offices/checks/<uuid:check_id>/", views.office_check_detail, name="office_check_detail"),
    path("offices/<int:unit_id>/check/", views.office_check, name="office_check"),
]
