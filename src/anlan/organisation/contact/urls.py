"""Contact points: addresses, the entry in the navigation, and how one is opened from elsewhere."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kernel.register.views import urls_of
from anlan.kernel.rooms import Door
from anlan.kernel.subjects import Subject
from anlan.organisation.contact import views
from anlan.organisation.contact.register import CONTACTS

PREFIX = "contact-points/"
DOORS = (Door("organisation", _("联系方式"), "contact_list", "phone", "organisation.contact.read"),)
SUBJECTS = (Subject("contact.contactpoint", "organisation.contact.read", "contact_detail"),)

urlpatterns = [
    *urls_of(CONTACTS),
    path("<uuid:contact_id>/verify/", views.contact_verify, name="contact_verify"),
]
