"""Warnings: addresses, the entry in the navigation, and how a warning is named and opened from elsewhere."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.finding import Search
from anlan.kernel.rooms import Door, FirstStep, HomePart
from anlan.kernel.subjects import Subject
from anlan.watch.warning.views import account, deeds, drafting, pages

PREFIX = "warnings/"
DOORS = (Door("watch", _("预警"), "warning_list", "speakerphone", "watch.warning.read"),)
SUBJECTS = (
    Subject(
        "warning.earlywarning",
        "watch.warning.read",
        "warning_detail",
        attach="watch.warning.draft",
        along=("kind",),
    ),
)
SEARCHES = (Search(_("预警"), "watch.warning.read", pages.find_warnings, "warning_list"),)
FIRST_STEPS = (
    FirstStep(
        1,
        "watch.warning.draft",
        _("看一遍正在生效的预警"),
        _("起草、审批、发布、变更、解除都从这一页开始。"),
        "warning_list",
    ),
)
EXERCISE = (HomePart("warning/_of_exercise.html", account.of_exercise),)

urlpatterns = [
    path("", pages.warning_list, name="warning_list"),
    path("new/", drafting.warning_create, name="warning_create"),
    path("<uuid:warning_id>/", pages.warning_detail, name="warning_detail"),
    path("<uuid:warning_id>/account/", account.warning_account, name="warning_account"),
    path("<uuid:warning_id>/account/export/", account.warning_account_export, name="warning_account_export"),
    path("<uuid:warning_id>/update/", drafting.warning_update, name="warning_update"),
    path("<uuid:warning_id>/cancel/", drafting.warning_cancel, name="warning_cancel"),
    path("<uuid:warning_id>/review/", deeds.warning_review, name="warning_review"),
    path("<uuid:warning_id>/measures/<slug:code>/", deeds.warning_measure, name="warning_measure"),
    path("issues/<uuid:issue_id>/edit/", drafting.warning_edit, name="warning_edit"),
    path("issues/<uuid:issue_id>/present/", drafting.warning_presence, name="warning_presence"),
    path("issues/<uuid:issue_id>/", pages.warning_preview, name="warning_preview"),
    path("issues/<uuid:issue_id>/submit/", deeds.warning_submit, name="warning_submit"),
    path("issues/<uuid:issue_id>/approve/", deeds.warning_approve_low, name="warning_approve_low"),
    path(
        "issues/<uuid:issue_id>/approve-as-leader/", deeds.warning_approve_high, name="warning_approve_high"
    ),
    path("issues/<uuid:issue_id>/return/", deeds.warning_return_low, name="warning_return_low"),
    path("issues/<uuid:issue_id>/return-as-leader/", deeds.warning_return_high, name="warning_return_high"),
    path("issues/<uuid:issue_id>/publish/", deeds.warning_publish, name="warning_publish"),
    path(
        "issues/<uuid:issue_id>/publish-urgently/",
        deeds.warning_publish_urgent,
        name="warning_publish_urgent",
    ),
    path("issues/<uuid:issue_id>/countersign/", deeds.warning_countersign, name="warning_countersign"),
    path("issues/<uuid:issue_id>/discard/", deeds.warning_discard, name="warning_discard"),
    path("issues/<uuid:issue_id>/print/", pages.warning_print, name="warning_print"),
    path("issues/<uuid:issue_id>/cap/", pages.warning_cap, name="warning_cap"),
    path("issues/<uuid:issue_id>/12379/", pages.warning_12379, name="warning_12379"),
]
