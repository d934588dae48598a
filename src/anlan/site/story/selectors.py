"""What a story asks of the node that plays it: what there is of its messages, warnings and callouts, and figures of them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Q

from anlan.connect.alert.models import AlertMessage, AlertSource
from anlan.kernel.models import Entry, Exercise, Pending, Unit, User
from anlan.message.callout.models import Callout, Recipient
from anlan.message.callout.terms import FOR_STAND_IN, USE, RecipientState
from anlan.message.channel.models import Carrier, Delivery
from anlan.message.channel.terms import DeliveryState
from anlan.message.errand.models import Errand
from anlan.message.errand.terms import ErrandState
from anlan.organisation.contact.models import ContactPoint
from anlan.organisation.post.models import Posting
from anlan.watch.warning.models import Countersignature, WarningIssue, WarningMeasure, WarningReview
from anlan.watch.warning.terms import MessageType

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from uuid import UUID

    from anlan.site.story.script import People

ISSUE = "warning.warningissue"
ON_ITS_WAY = timedelta(seconds=2)  # a request that was under way just when the answer came


class Bothered(NamedTuple):
    """By what the carriers say they took and did, beside our own ledger.

    late     messages and calls to people who had answered more than a moment ago
    missing  deliveries that we say were handed over and that no carrier knows
    unknown  what a carrier took that is none of ours
    """

    late: int
    missing: int
    unknown: int


# --- what there is ------------------------------------------------------------------------------------------------


def find_exercise(title: str) -> Exercise | None:
    """The one of that name that is not over, and whose list is not worked through."""
    found = (
        Exercise.objects.filter(name=title, closed_at=None).select_related("clock", "unit").order_by("-pk")
    )
    latest = found.first()
    if latest is not None and latest.injects.exists() and not latest.injects.filter(done_at=None).exists():
        return None
    return latest


def get_user(username: str) -> User:
    return User.objects.get(username=username)


def find_source(exercise: Exercise, code: str) -> AlertSource | None:
    return AlertSource.unscoped.filter(exercise=exercise, code=code).first()


def find_message(exercise: Exercise, sha256: str) -> AlertMessage | None:
    """A message that came in, by its bytes."""
    found = AlertMessage.unscoped.filter(exercise=exercise, sha256=sha256)
    return found.select_related("warning", "issue").first()


def find_warning_of(exercise: Exercise, digests: Collection[str]) -> UUID | None:
    """The warning that these messages came to."""
    found = AlertMessage.unscoped.filter(exercise=exercise, sha256__in=digests, warning__isnull=False)
    return found.order_by("received_at").values_list("warning_id", flat=True).first()


def find_issue(warning_id: UUID | None, *, which: str = "") -> WarningIssue | None:
    """The latest message of a warning, or the one that is called by its colour, the end by `cancel`."""
    found = WarningIssue.unscoped.filter(warning=warning_id).select_related("warning")
    if which == MessageType.CANCEL:
        found = found.filter(message_type=which)
    elif which:
        found = found.filter(colour=which).exclude(message_type=MessageType.CANCEL)
    return found.order_by("-number").first()


def find_callout(issue: WarningIssue) -> Callout | None:
    found = Callout.unscoped.filter(subject_kind=ISSUE, subject=str(issue.pk))
    return found.order_by("-started_at").first()


def find_own(callout: Callout, username: str) -> Recipient | None:
    """What a log-in has to answer in a callout, as himself."""
    return Recipient.unscoped.filter(callout=callout, person__user__username=username).first()


def find_one_of(callout: Callout, unit: str, post: str) -> Recipient | None:
    """One who is called, by his unit and post."""
    found = Recipient.unscoped.filter(callout=callout, unit__code=unit, post=post)
    return found.select_related("taken_by").order_by("pk").first()


def list_errands(exercise: Exercise, unit: str = "", *, state: str = ErrandState.OPEN) -> list[Errand]:
    """Doors that people of this unit, or of any, still have to knock at, or have knocked at."""
    found = Errand.unscoped.filter(exercise=exercise, state=state)
    return list((found.filter(unit__code=unit) if unit else found).order_by("ordered_at", "pk"))


def is_countersigned(issue: WarningIssue) -> bool:
    return Countersignature.objects.filter(issue=issue).exists()


def is_reviewed(issue: WarningIssue) -> bool:
    return WarningReview.unscoped.filter(warning=issue.warning_id).exists()


def list_open_measures(warning_id: UUID) -> list[str]:
    found = WarningMeasure.unscoped.filter(warning=warning_id, done_at=None)
    return list(found.order_by("code").values_list("code", flat=True))


def find_actor(exercise: Exercise, username: str) -> User | None:
    """Who did the last thing in an exercise, if it was he."""
    entries = Entry.objects.filter(exercise_id=exercise.pk, actor__isnull=False).select_related("actor")
    entry = entries.order_by("pk").last()
    return entry.actor if entry and entry.actor and entry.actor.username == username else None


def list_numbers(people: Iterable[People]) -> dict[str, People]:
    """The numbers of these people and lines; who is named twice, is who he was named last."""
    found: dict[str, People] = {}
    for one in people:
        numbers = ContactPoint.unscoped.filter(_reached(one), exercise=None)
        found |= dict.fromkeys(numbers.values_list("value", flat=True), one)
    return found


def _reached(one: People) -> Q:
    if one.user:
        return Q(kind="mobile", person__user__username=one.user)
    unit = Unit.unscoped.get(code=one.unit)
    units = Unit.unscoped.filter(**({"path__startswith": unit.path} if one.below else {"pk": unit.pk}))
    seats = Posting.unscoped.filter(post__unit__in=units, stand_in=False)
    if one.post:
        return Q(kind="mobile", person__in=seats.filter(post__kind=one.post).values("person"))
    return Q(kind="mobile", person__in=seats.values("person")) | Q(
        kind="land_line", person=None, unit__in=units
    )


def list_carriers() -> dict[str, str]:
    """Where the simulated carriers listen, by their codes."""
    found = Carrier.unscoped.filter(simulated=True, retired_at=None, exercise=None)
    return dict(found.values_list("code", "address"))


def is_quiet(exercise: Exercise) -> bool:
    """Whether nothing of it is on its way within the node: no handler behind, nothing that a carrier could have now."""
    waiting = Delivery.unscoped.filter(
        exercise=exercise, state__lte=DeliveryState.LEASED, channel__in=("sms", "voice")
    )
    return not Pending.objects.exists() and not waiting.exists()


# --- facts --------------------------------------------------------------------------------------------------------


def facts_of_message(message: AlertMessage | None) -> dict[str, Any]:
    if message is None:
        return {"state": "absent"}
    return {
        "state": message.state,
        "why": message.why,
        "problems": [one["code"] for one in message.problems],
        "copies": message.copies,
    }


def facts_of_issue(issue: WarningIssue | None) -> dict[str, Any]:
    """Of one message of a warning and of the callout that it led to."""
    if issue is None:
        return {"state": "absent"}
    facts: dict[str, Any] = {
        "state": issue.state,
        "warning": issue.warning.state,
        "urgent": issue.urgent,
        "countersigned": is_countersigned(issue),
        "areas": issue.areas.count(),
        "partly": issue.areas.filter(share__lt=0.999).count(),
        "measures_open": len(list_open_measures(issue.warning_id)),
        "reviewed": is_reviewed(issue),
    }
    callout = find_callout(issue)
    return facts if callout is None else facts | _facts_of_callout(callout)


def _facts_of_callout(callout: Callout) -> dict[str, Any]:
    rows = list(Recipient.unscoped.filter(callout=callout).values_list("state", "how", "ladder", "rung"))
    states = Counter(RecipientState(state).name.lower() for state, *_rest in rows)
    climbed = Entry.objects.filter(event="message.callout.climbed", subject=str(callout.pk))
    return {
        "callout": callout.state,
        "people": len(rows),
        "open": states["pending"] + states["unreachable"],
        **{name: states[name] for name in ("confirmed", "visited", "unreachable")},
        **{
            f"by_{how}": number for how, number in Counter(how for _state, how, *_rest in rows if how).items()
        },
        "steps": sorted({entry.data["target"] for entry in climbed}),
    }


def compare(exercise: Exercise, items: Mapping[str, Mapping[str, Any]]) -> Bothered:
    """Our ledger beside the carriers' own records (id → item as `/record` tells it)."""
    handed = Delivery.unscoped.filter(
        exercise=exercise, channel__in=("sms", "voice"), handed_at__isnull=False
    ).values_list("id", "use", "key")
    ours = {str(key): about if use == USE else "" for key, use, about in handed}
    known = set(map(str, Delivery.unscoped.filter(id__in=list(items)).values_list("id", flat=True)))
    ended = _ended(exercise)
    late = 0
    for key, item in items.items():
        end = ended.get(ours.get(key, "").removesuffix(FOR_STAND_IN))
        begun = [at for what, at in item["steps"] if what == "begun"]
        late += end is not None and any(
            datetime.fromisoformat(at) - end > ON_ITS_WAY for at in (item["at"], *begun)
        )
    return Bothered(late, len(ours.keys() - items.keys()), len(items.keys() - known))


def _ended(exercise: Exercise) -> dict[str, datetime]:
    """When each recipient had answered or was visited, by the real clock."""
    confirmed = (
        "message.callout.confirmed",
        "message.callout.confirmed_on_behalf",
        "message.callout.visited",
    )
    found: dict[str, datetime] = {}
    for entry in Entry.objects.filter(exercise_id=exercise.pk, event__in=confirmed):
        data = entry.data
        for number in data.get("recipients", ()) or [data["recipient"]]:
            found.setdefault(str(number), entry.recorded_at)
    return found
