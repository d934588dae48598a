"""What a story needs that nobody of its cast would do during the night: a machine that delivers, the list of what is to come."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password

from anlan.kernel import exercises, seeds, tokens
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.models import Grant, Role, User
from anlan.site.story import selectors

if TYPE_CHECKING:
    from anlan.kernel.models import Exercise, Inject
    from anlan.site.story.script import Story

MACHINE, DELIVER = "story-machine", "connect.alert.deliver"
LASTS = timedelta(days=1)


def issue_token(story: Story, name: str) -> str:
    """A token by which the system of that name delivers messages to the story's unit."""
    unit = seeds.unit_by_code(story.unit)
    user, _is_new = User.objects.get_or_create(
        username=MACHINE,
        defaults={"display_name": name, "is_machine": True, "password": make_password(None)},
    )
    role = Role.objects.filter(capabilities__contains=[DELIVER], administrator="").order_by("pk")[0]
    Grant.objects.get_or_create(user=user, role=role, scope_root=unit)
    issuer = Context(selectors.get_user("system"), second_factor=True)
    _token, secret = tokens.issue_token(
        issuer, user.pk, name=story.title[:60], scopes=[DELIVER], expires_at=real_now() + LASTS
    )
    return secret


def plan(story: Story, exercise: Exercise) -> list[Inject]:
    """The story's steps as the exercise's list; as it stands where that has been done."""
    ctx = director(story)
    if there := exercises.list_injects(ctx, exercise):
        return there
    begun = story.begins_at(real_now())
    names = dict(User.objects.filter(username__in=story.cast).values_list("username", "display_name"))
    rows = [
        exercises.Planned(story.moment(step.at, begun), step.title, names.get(step.who, ""))
        for step in story.steps
    ]
    return exercises.plan_injects(ctx, exercise.pk, rows)


def director(story: Story) -> Context:
    """Whoever runs the exercise."""
    return Context(selectors.get_user(story.director), second_factor=True)
