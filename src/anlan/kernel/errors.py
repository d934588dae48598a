"""Errors with a code; the sentence a person reads stands with the code and goes through the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SENTENCES: dict[str, _StrPromise] = {
    "not_found": _("没有找到。该记录不存在，或不在您的管理范围内。"),
    "not_allowed": _("您的岗位没有“%(capability)s”的权限。如工作需要，请联系安全管理员授权。"),
    "state_conflict": _("该记录已被他人更新，请刷新后重试。"),
    "held": _("节点处于恢复后的保持状态，暂不对外发送。请先在“运行状态”页确认放行。"),
}


class DomainError(Exception):
    """A refusal that a person can understand: `code` names it, `params` fill its sentence.

    status   what the API and pages answer with
    """

    status = 409

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params

    def __str__(self) -> str:
        return str(SENTENCES[self.code]) % self.params


class NotFound(DomainError):
    """It does not exist or lies outside the asker's scope; which of the two is not told."""

    status = 404

    def __init__(self) -> None:
        super().__init__("not_found")


class NotAllowed(DomainError):
    """The actor holds no grant of the capability where it would be needed."""

    status = 403

    def __init__(self, capability: str) -> None:
        super().__init__("not_allowed", capability=capability)


class StateConflict(DomainError):
    """Somebody else was faster: the record is no longer in the state the act starts from."""

    def __init__(self) -> None:
        super().__init__("state_conflict")


class UnscopedRead(Exception):
    """A record was read past scope; selectors ask `scope.visible`, or say `unscoped` and why."""
