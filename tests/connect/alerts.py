"""Outside warnings for tests: sources, and messages as others send them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from anlan.connect.alert.models import AlertMessage, AlertSource
from anlan.connect.alert.selectors.sources import find_running
from anlan.connect.alert.services import receive_message, settle_message
from anlan.connect.alert.terms import POWERS
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.protocols import cap
from anlan.protocols.cap.message import Category, Certainty, MessageType, Scope, Severity, Status, Urgency

if TYPE_CHECKING:
    from anlan.kernel.models import Exercise, Unit

NODE = Context(None, powers=POWERS)
SENDER = "99000041600000"


def make_source(unit: Unit, exercise: Exercise | None = None, **more: Any) -> AlertSource:
    code = more.pop("code", f"source-{AlertSource.unscoped.count()}")
    made: AlertSource = AlertSource.unscoped.create(
        unit=unit, exercise=exercise, code=code, name=code, kind=more.pop("kind", "http"), **more
    )
    return made


def alert(
    name: str,
    kind: MessageType = MessageType.ALERT,
    *,
    follows: tuple[cap.Alert, ...] = (),
    minutes: int = 0,
    severity: Severity = Severity.MINOR,
    status: Status = Status.ACTUAL,
    code: str = "",
    event: str = "暴雨",
    sender: str = SENDER,
) -> cap.Alert:
    start = real_now().replace(microsecond=0) - timedelta(hours=1)
    areas = (cap.Area("甲区", geocodes=(cap.Named("CPEAS Geographic Code", code),)),) if code else ()
    return cap.Alert(
        identifier=name,
        sender=sender,
        sent=start + timedelta(minutes=minutes),
        status=status,
        message_type=kind,
        scope=Scope.PUBLIC,
        note="甲区降雨趋于结束。" if kind is MessageType.CANCEL else "",
        references=tuple(one.reference for one in follows),
        infos=(
            cap.Info(
                categories=(Category.MET,),
                event=event,
                urgency=Urgency.UNKNOWN,
                severity=severity,
                certainty=Certainty.UNKNOWN,
                language="zh-CN",
                expires=_later(start),
                sender_name="试验市气象台",
                headline="试验市气象台发布暴雨预警",
                description=f"预计将有强降雨（{name}）。",
                areas=areas,
            ),
        ),
    )


def _later(start: datetime) -> datetime:
    return start + timedelta(hours=12)


def bytes_of(message: cap.Alert) -> bytes:
    return cap.write(message)


def come(source: AlertSource, message: cap.Alert | bytes) -> AlertMessage:
    """A message comes in, and what follows from it happens at once."""
    data = message if isinstance(message, bytes) else bytes_of(message)
    running = find_running(source.pk)
    assert running is not None
    node = Context(None, running.exercise, powers=POWERS)
    taken = receive_message(node, running, data)
    settle_message(node, taken.message.pk)
    taken.message.refresh_from_db()
    return taken.message
