"""Carries what Django and allauth tell of logging in and out into the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from allauth.account import signals as account
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY, get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import signals as auth

from anlan.kernel import log_ins, second_factor, sessions, users
from anlan.kernel.context import Context
from anlan.kernel.events import PrivateText
from anlan.kernel.models import User
from anlan.site.agents import where

if TYPE_CHECKING:
    from django.http import HttpRequest

    from anlan.site.session_store import SessionStore

NAME = 150  # of what was typed as a name, so much is kept


def connect() -> None:
    auth.user_logged_in.connect(began)
    auth.user_logged_out.connect(logged_out)
    account.user_logged_in.connect(logged_in)
    account.password_changed.connect(password_changed)
    mfa.authentication_failed.connect(second_factor_failed)
    mfa.authenticator_added.connect(second_factor_set)
    mfa.authenticator_removed.connect(second_factor_removed)


def began(request: HttpRequest, **_signal: Any) -> None:
    cast("SessionStore", request.session).begin()


def logged_in(request: HttpRequest, user: User, **_signal: Any) -> None:
    methods = [record.get("type", record["method"]) for record in get_authentication_records(request, user)]
    log_ins.write(log_ins.LoggedIn(methods, _where(request)), user)


def logged_out(user: User | None, **_signal: Any) -> None:
    if user is not None:
        log_ins.write(log_ins.LoggedOut(), user)


def failed(request: HttpRequest, name: str) -> None:
    """A wrong password or name. What comes during a lock-out is not written one by one: the lock-out was."""
    count = getattr(request, "axes_failures_since_start", None) or 0
    if count > settings.AXES_FAILURE_LIMIT:
        return
    user = User.objects.filter(username=name).first()
    if user is None:
        log_ins.write_unknown(name[:NAME], where(request))
        return
    log_ins.write(log_ins.LogInFailed("password", _where(request)), user, by_himself=False)
    if count == settings.AXES_FAILURE_LIMIT:
        log_ins.write(log_ins.LockedOut(_where(request)), user, by_himself=False)


def second_factor_failed(request: HttpRequest, user: User, **_signal: Any) -> None:
    log_ins.write(log_ins.LogInFailed(second_factor.MFA, _where(request)), user, by_himself=False)


def password_changed(request: HttpRequest, user: User, **_signal: Any) -> None:
    """His other sessions end. This one has a new key, and keeps its age."""
    log_ins.write(log_ins.PasswordChanged(), user)
    store = cast("SessionStore", request.session)
    UserSession.objects.create_from_request(request)
    if store.began_at is not None:
        UserSession.objects.filter(session_key=store.session_key).update(created_at=store.began_at)
    sessions.end_others(Context(user), user, str(store.session_key), "changed")


def second_factor_set(request: HttpRequest, user: User, authenticator: Authenticator, **_signal: Any) -> None:
    """Who has just set it up has shown it by that."""
    log_ins.write(log_ins.SecondFactorSet(authenticator.type), user)
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        shown = {"id": authenticator.pk, "type": authenticator.type, "reauthenticated": True}
        record_authentication(request, user, second_factor.MFA, **shown)


def second_factor_removed(
    request: HttpRequest, user: User, authenticator: Authenticator, **_signal: Any
) -> None:
    """With the last one, no session counts as opened by one any more."""
    log_ins.write(log_ins.SecondFactorRemoved(authenticator.type), user)
    if users.has_second_factor(user):
        return
    kept = [r for r in get_authentication_records(request, user) if r["method"] != second_factor.MFA]
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = kept
    sessions.end_others(Context(user), user, str(request.session.session_key), "changed")


def _where(request: HttpRequest) -> PrivateText:
    return PrivateText(where(request))
