"""The door for programs that deliver warnings: one message a request, as it is, with a machine's token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID  # noqa: TC003 - the interface's description needs it

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import Router, Schema

from anlan.connect.alert import services
from anlan.connect.alert.terms import PROBLEMS
from anlan.kernel.middleware import refusal
from anlan.kernel.words import lazy as gettext_lazy

if TYPE_CHECKING:
    from anlan.connect.alert.models import AlertMessage
    from anlan.kernel.requests import PageRequest

PREFIX = "/alerts"
router = Router(tags=["connect"])


class Accepted(Schema):
    """result: accepted, or duplicate where the same had come before"""

    id: UUID
    result: str


@router.post(
    "/{slug:code}",
    response={200: Accepted, 201: Accepted},
    summary=gettext_lazy("送入一条预警报文（CAP 1.2、12379 的 XML，或 12379 的 ZIP）"),
    operation_id="alert_deliver",
    url_name="alert_deliver",
)
def deliver(request: PageRequest, code: str) -> Any:
    """The body is the message itself. 201 accepted, 200 duplicate, 413 too long, 422 kept in quarantine with all problems."""
    taken = services.receive_delivery(request.ctx, code, request.body)
    if taken.message.is_quarantined:
        return _quarantined(request, taken.message)
    told = {"id": str(taken.message.pk), "result": "accepted" if taken.is_new else "duplicate"}
    return JsonResponse(told, status=201 if taken.is_new else 200)


def _quarantined(request: HttpRequest, message: AlertMessage) -> HttpResponse:
    answer = refusal(
        request, status=422, code="alert_quarantined", detail=_("报文有误，已留存并隔离，等待人工处置。")
    )
    body = json.loads(answer.content)
    body |= {
        "id": str(message.pk),
        "problems": [dict(one, what=str(PROBLEMS.get(one["code"], one["code"]))) for one in message.problems],
    }
    answer.content = json.dumps(body, ensure_ascii=False).encode()
    return answer
