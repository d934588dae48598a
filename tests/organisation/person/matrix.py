from anlan.organisation.person.register import PEOPLE
from tests.matrix import Case
from tests.organisation.people import make_person
from tests.registers import cases_of

CASES = (
    *cases_of(PEOPLE, lambda w: make_person(w.town), lambda w: make_person(w.neighbour_town), view_budget=18),
    Case(
        "person_link",
        "organisation.person.link",
        own=lambda w: {"person_id": make_person(w.town).pk},
        other=lambda w: {"person_id": make_person(w.neighbour_town).pk},
    ),
)
