"""Tokens of machines: issuing and ending them, and letting in who shows one."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel import rooms, users
from anlan.kernel.access import READ
from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotFound, StateConflict
from anlan.kernel.events import PrivateText, event
from anlan.kernel.models import MachineToken, User
from anlan.kernel.models.tokens import LONGEST
from anlan.kernel.scope import postings_of
from anlan.kernel.terms import TokenState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from anlan.kernel.context import Context

ISSUE = "kernel.token.issue"
PREFIX = "anlan_"  # by it a token is known where it should not be: in a log, in a repository
NOTED = timedelta(minutes=1)  # use is written down no more often


@event("kernel.token.issued", _("签发令牌"))
@dataclass(frozen=True)
class TokenIssued:
    user: int
    scopes: list[str]
    expires_at: datetime


@event("kernel.token.ended", _("终止令牌"))
@dataclass(frozen=True)
class TokenEnded:
    user: int
    reason: PrivateText


@act(ISSUE)
def issue_token(
    ctx: Context, user_id: int, *, name: str, scopes: Iterable[str], expires_at: datetime
) -> tuple[MachineToken, str]:
    """A token for a machine's user, and its secret, which is shown once and kept nowhere.

    scopes  capabilities that the user holds, none of which asks for a second factor
    raises  ValueError where no person asks; NotFound outside the actor's reach; not_a_machine, user_inactive, ends_in_past, token_too_long, token_scopes
    """
    if ctx.actor is None:
        raise ValueError("a token is issued by a person")
    user = users.lock_user(ctx, user_id, ISSUE)
    if not user.is_machine:
        raise DomainError("not_a_machine")
    if not user.is_active:
        raise DomainError("user_inactive")
    now, wanted = real_now(), sorted(set(scopes))
    _refuse_span(now, expires_at)
    allowed = scopes_for(user)
    for code in wanted:
        if code not in allowed:
            raise DomainError("token_scopes", capability=rooms.capabilities().get(code, code))
    secret = PREFIX + secrets.token_urlsafe(32)
    token = MachineToken.objects.create(
        user=user,
        name=name,
        digest=_digest(secret),
        scopes=wanted,
        issued_by=ctx.actor,
        issued_at=now,
        expires_at=expires_at,
    )
    ctx.journal(TokenIssued(user.pk, wanted, expires_at), token)
    return token, secret


@act(ISSUE)
def end_token(ctx: Context, token_id: int, reason: str) -> MachineToken:
    """Nobody comes in by it from now on; it stays as history."""
    token = MachineToken.objects.select_for_update(of=("self",)).filter(pk=token_id).first()
    if token is None:
        raise NotFound
    users.lock_user(ctx, token.user_id, ISSUE)
    if token.state_at(real_now()) != TokenState.CURRENT:
        raise StateConflict
    token.ended_at = real_now()
    token.save(update_fields=["ended_at"])
    ctx.journal(TokenEnded(token.user_id, PrivateText(reason)), token)
    return token


def get_token(ctx: Context, token_id: int) -> MachineToken:
    token = MachineToken.objects.select_related("user").filter(pk=token_id).first()
    if token is None or not users.is_within_reach(ctx, token.user, ISSUE):
        raise NotFound
    return token


def list_tokens(ctx: Context, user: User) -> QuerySet[MachineToken]:
    """A machine's tokens, the latest first; none for who may neither manage it nor look at all its grants."""
    if not any(users.is_within_reach(ctx, user, capability) for capability in (ISSUE, READ)):
        return MachineToken.objects.none()
    return MachineToken.objects.filter(user=user).select_related("issued_by").order_by("-issued_at", "-pk")


def scopes_for(user: User) -> dict[str, str]:
    """What a token of that user may be good for, with the terms: what he holds now and needs no second factor."""
    held = {code for posting in postings_of(user) for code in posting.capabilities}
    offered = held - rooms.with_second_factor()
    return {code: str(term) for code, term in rooms.capabilities().items() if code in offered}


def find_current(secret: str, address: str) -> MachineToken | None:
    """The token of that secret, where it lets somebody in now; that it was used is written down."""
    found = MachineToken.objects.select_related("user").filter(digest=_digest(secret)).first()
    now = real_now()
    if found is None or found.state_at(now) != TokenState.CURRENT or not found.user.is_active:
        return None
    if found.used_at is None or found.used_at <= now - NOTED:
        again = Q(used_at=None) | Q(used_at__lte=now - NOTED)  # of several at once, one writes
        MachineToken.objects.filter(again, pk=found.pk).update(used_at=now, used_from=address)
    return found


def _refuse_span(now: datetime, expires_at: datetime) -> None:
    if expires_at <= now:
        raise DomainError("ends_in_past")
    if expires_at > now + LONGEST:
        raise DomainError("token_too_long")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
