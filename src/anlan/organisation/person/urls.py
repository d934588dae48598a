"""People: addresses, the entry in the navigation, and how a person is named and opened from elsewhere."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.register.views import urls_of
from anlan.kernel.rooms import Door, FirstStep
from anlan.kernel.subjects import Subject
from anlan.organisation.person import views
from anlan.organisation.person.register import PEOPLE

PREFIX = "people/"
DOORS = (Door("organisation", _("人员"), "person_list", "users", "organisation.person.read"),)
FIRST_STEPS = (
    FirstStep(
        2,
        "organisation.person.edit",
        _("导入本单位人员"),
        _("下载模板，填好后上传；先核对，再导入。联系方式随后照此导入。"),
        "person_import",
    ),
)
SUBJECTS = (Subject("person.person", "organisation.person.read", "person_detail"),)

urlpatterns = [
    *urls_of(PEOPLE),
    path("<uuid:person_id>/link/", views.person_link, name="person_link"),
]
