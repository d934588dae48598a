"""What one of the cast can do, each through the page that a person uses: where it is done, and how one sees that it is done.

Each move says first whether it is done already, by whomever; then a player or a person at the same page may do it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from anlan.message.errand.terms import ErrandState
from anlan.site.story import selectors
from anlan.site.story.visitor import NotOffered
from anlan.watch.warning.terms import IssueState

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from anlan.kernel.models import Exercise
    from anlan.message.callout.models import Recipient
    from anlan.site.story.script import Step
    from anlan.site.story.visitor import Visitor
    from anlan.watch.warning.models import WarningIssue

MADE = (IssueState.APPROVED, IssueState.PUBLISHED)
LINK = re.compile(r"https?://\S+?/c/[\w.~-]+")


@dataclass(frozen=True)
class Scene:
    """What a step is about, looked up anew whenever it is asked.

    warning   id of the warning that it names
    message   digest of the message that it names in `told`
    texts     of the messages that the carriers took, the latest first
    """

    exercise: Exercise
    step: Step
    warning: UUID | None
    message: str
    texts: Callable[[], list[str]]

    @property
    def told(self) -> Any:
        return self.step.told

    def issue(self) -> WarningIssue:
        """The message of the warning that is being made, or was last. raises NotOffered while there is none"""
        found = selectors.find_issue(self.warning)
        if found is None:
            raise NotOffered(f"no warning {self.step.of!r} yet")
        return found

    def recipient(self) -> Recipient:
        """Whom the step names, in the latest callout of the warning. raises NotOffered where he is not called"""
        callout = selectors.find_callout(self.issue())
        found = None
        if callout is not None and "unit" in self.told:
            found = selectors.find_one_of(callout, self.told["unit"], self.told["post"])
        elif callout is not None:
            found = selectors.find_own(callout, self.step.who)
        if found is None:
            raise NotOffered("not called")
        return found


@dataclass(frozen=True)
class Move:
    """address: the page on which it is done; done: whether it is; do: doing it, once"""

    address: Callable[[Scene], str]
    done: Callable[[Scene], bool]
    do: Callable[[Scene, Visitor], object]


def _preview(scene: Scene) -> str:
    return reverse("warning_preview", args=[scene.issue().pk])


def _record(scene: Scene) -> str:
    return reverse("warning_detail", args=[scene.issue().warning_id])


def _pressed(ending: str) -> Callable[[Scene, Visitor], None]:
    def press(scene: Scene, visitor: Visitor) -> None:
        visitor.press(_preview(scene), ending)

    return press


def _approve(scene: Scene, visitor: Visitor) -> None:
    ending = "/approve-as-leader/" if scene.issue().needs_leader else "/approve/"
    visitor.press(_preview(scene), ending)


def _take_measures(scene: Scene, visitor: Visitor) -> None:
    """All that the law wants taken, one after another."""
    for code in selectors.list_open_measures(scene.issue().warning_id):
        visitor.press(_record(scene), f"/measures/{code}/", note=scene.told.get("note", ""))


def _review(scene: Scene, visitor: Visitor) -> None:
    visitor.press(reverse("warning_review", args=[scene.issue().warning_id]), "", **scene.told)


def _message(scene: Scene) -> Any:
    found = selectors.find_message(scene.exercise, scene.message)
    if found is None:
        raise NotOffered("the message has not come")
    return found


def _dismiss(scene: Scene, visitor: Visitor) -> None:
    page = reverse("alert_message", args=[_message(scene).pk])
    visitor.press(page, "/dismiss/", reason=scene.told["reason"])


def _board(scene: Scene) -> str:
    callout = selectors.find_callout(scene.issue())
    if callout is None:
        raise NotOffered("nobody is called")
    return reverse("callout_board", args=[callout.pk])


def _person(scene: Scene) -> str:
    return reverse("callout_recipient", args=[scene.recipient().pk])


def _handled(ending: str, *names: str) -> Callable[[Scene, Visitor], None]:
    def press(scene: Scene, visitor: Visitor) -> None:
        values = {name: scene.told[name] for name in names}
        visitor.press(_person(scene), f"/people/{scene.recipient().pk}/{ending}/", **values)

    return press


def _take(scene: Scene, visitor: Visitor) -> None:
    """From the board, where it is one click away."""
    page = f"{_board(scene)}?unit={scene.recipient().unit_id}"
    visitor.press(page, f"/people/{scene.recipient().pk}/take/")


def _answer(scene: Scene, visitor: Visitor) -> None:
    visitor.press("/", f"/people/{scene.recipient().pk}/answer/")


def _errands(scene: Scene) -> list[Any]:
    return selectors.list_errands(scene.exercise, scene.told.get("unit", ""))


def _is_visited(scene: Scene) -> bool:
    """Of a unit: it has been at a door, and no other waits. Of all: none waits."""
    unit = scene.told.get("unit", "")
    been = selectors.list_errands(scene.exercise, unit, state=ErrandState.MET) if unit else [None]
    return bool(been) and not _errands(scene)


def _visit(scene: Scene, visitor: Visitor) -> None:
    """Each door that waits, as the list shows them."""
    there = visitor.get(reverse("errand_list")).links(reverse("errand_list"))
    for errand in _errands(scene):
        page = reverse("errand_detail", args=[errand.pk])
        if page not in there:
            raise NotOffered(page)
        visitor.press(page, "/visit/", result=scene.told["result"], words=scene.told["words"])


def _press_links(scene: Scene, visitor: Visitor) -> None:
    """What people do who open the link in their message: look first, which confirms nothing, then press the button."""
    for link in _links(scene)[: scene.told["number"]]:
        path = link.partition("//")[2].partition("/")[2]
        visitor.get(f"/{path}")
        visitor.post(f"/{path}", b"", {"Content-Type": "application/x-www-form-urlencoded"})


def _links(scene: Scene) -> list[str]:
    return [found[0] for text in scene.texts() if (found := LINK.search(text))]


def _confirmed_by_link(scene: Scene) -> bool:
    facts = selectors.facts_of_issue(scene.issue())
    return int(facts.get("by_link", 0)) >= int(scene.told["number"])


MOVES = {
    "submit": Move(_preview, lambda scene: scene.issue().state != IssueState.DRAFT, _pressed("/submit/")),
    "approve": Move(_preview, lambda scene: scene.issue().state in MADE, _approve),
    "publish": Move(_preview, lambda scene: scene.issue().is_published, _pressed("/publish/")),
    "publish_urgently": Move(
        _preview, lambda scene: scene.issue().is_published, _pressed("/publish-urgently/")
    ),
    "countersign": Move(
        _record,
        lambda scene: selectors.is_countersigned(scene.issue()),
        lambda scene, visitor: visitor.press(_record(scene), "/countersign/"),
    ),
    "take_measures": Move(
        _record,
        lambda scene: not selectors.list_open_measures(scene.issue().warning_id),
        _take_measures,
    ),
    "review": Move(
        lambda scene: reverse("warning_review", args=[scene.issue().warning_id]),
        lambda scene: selectors.is_reviewed(scene.issue()),
        _review,
    ),
    "dismiss": Move(
        lambda scene: reverse("alert_message", args=[_message(scene).pk]),
        lambda scene: _message(scene).state != "quarantined",
        _dismiss,
    ),
    "answer": Move(lambda _scene: "/", lambda scene: not scene.recipient().is_open, _answer),
    "take": Move(_board, lambda scene: scene.recipient().taken_by_id is not None, _take),
    "confirm_for": Move(_person, lambda scene: not scene.recipient().is_open, _handled("confirm", "reason")),
    "visit": Move(lambda _scene: reverse("errand_list"), _is_visited, _visit),
    "press_links": Move(_board, _confirmed_by_link, _press_links),
}
