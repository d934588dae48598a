from datetime import timedelta

from anlan.kernel.clock import real_now
from anlan.organisation.post import services
from anlan.organisation.post.models import OfficeCheck
from anlan.organisation.post.register import POSTS
from tests.cast import World
from tests.matrix import Case
from tests.organisation.people import make_person
from tests.organisation.posts import NODE, appoint, make_post
from tests.registers import cases_of

READ, APPOINT, ABSENCE = (f"organisation.post.{verb}" for verb in ("read", "appoint", "report_absence"))
CHECK = "organisation.post.check"


def posting_in(unit: str) -> object:
    def make(world: World) -> dict[str, object]:
        at = getattr(world, unit)
        return {"posting_id": appoint(make_post(at), make_person(at)).pk}

    return make


def absence_in(unit: str) -> object:
    def make(world: World) -> dict[str, object]:
        person, now = make_person(getattr(world, unit)), real_now()
        absence = services.report_absence(
            NODE, person.pk, from_at=now, until_at=now + timedelta(days=1), reason="leave"
        )
        return {"absence_id": absence.pk}

    return make


def office_in(unit: str) -> object:
    def make(world: World) -> dict[str, int]:
        from anlan.kernel.seeds import plant_unit  # noqa: PLC0415 - only here

        return {"unit_id": plant_unit(None, "应急办", "office", getattr(world, unit)).pk}

    return make


def check_in(unit: str) -> object:
    def make(world: World) -> dict[str, object]:
        office = office_in(unit)(world)["unit_id"]
        check = OfficeCheck.unscoped.create(unit_id=office, year=2026, checked_at=real_now())
        return {"check_id": check.pk}

    return make


CASES = (
    *cases_of(POSTS, lambda w: make_post(w.town), lambda w: make_post(w.neighbour_town), api="/posts"),
    Case("post_vacancies", READ),
    Case("post_required", READ, data={"kind": "liaison"}, budget=8),
    Case("office_list", READ, budget=7),
    Case("office_check_detail", READ, own=check_in("town"), other=check_in("neighbour_town"), budget=14),
    Case("post_found_missing", "organisation.post.edit", method="post", answers=302, budget=12),
    Case("post_people", READ, own=lambda _: {"field": "person"}),
    *(
        Case(
            name,
            APPOINT,
            own=lambda w: {"post_id": make_post(w.town).pk},
            other=lambda w: {"post_id": make_post(w.neighbour_town).pk},
        )
        for name in ("post_appoint", "post_stand_in")
    ),
    Case(
        "posting_end",
        APPOINT,
        own=posting_in("town"),
        other=posting_in("neighbour_town"),
        method="post",
        answers=302,
        budget=26,
    ),
    Case(
        "absence_report",
        ABSENCE,
        own=lambda w: {"person_id": make_person(w.town).pk},
        other=lambda w: {"person_id": make_person(w.neighbour_town).pk},
    ),
    Case(
        "absence_end",
        ABSENCE,
        own=absence_in("town"),
        other=absence_in("neighbour_town"),
        method="post",
        answers=302,
        budget=12,
    ),
    Case("office_check", CHECK, own=office_in("town"), other=office_in("neighbour_town")),
)
