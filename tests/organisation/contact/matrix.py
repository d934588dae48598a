from anlan.organisation.contact.register import CONTACTS
from tests.matrix import Case
from tests.organisation.people import make_contact
from tests.registers import cases_of

CASES = (
    *cases_of(CONTACTS, lambda w: make_contact(w.town), lambda w: make_contact(w.neighbour_town)),
    Case(
        "contact_verify",
        "organisation.contact.verify",
        own=lambda w: {"contact_id": make_contact(w.town).pk},
        other=lambda w: {"contact_id": make_contact(w.neighbour_town).pk},
        method="post",
        data={"how": "call", "version": "1"},
        answers=302,
        budget=12,
    ),
)
