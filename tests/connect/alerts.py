"""Outside warnings for tests: sources, messages as others send them in both formats, and what follows from them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from anlan.connect.alert.models import AlertMessage, AlertSource
from anlan.connect.alert.selectors.sources import find_running
from anlan.connect.alert.services import receive_message, settle_message
from anlan.connect.alert.terms import POWERS
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.models import Parked
from anlan.kernel.relays import Relay
from anlan.protocols import cap, cn12379
from anlan.protocols.cap.message import Category, Certainty, MessageType, Scope, Severity, Status, Urgency
from anlan.protocols.cn12379.terms import BEIJING
from tests.watch.warnings import with_handlers

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
    area: cap.Area | None = None,
) -> cap.Alert:
    start = real_now().replace(microsecond=0) - timedelta(hours=1)
    coded = cap.Area("甲区", geocodes=(cap.Named("CPEAS Geographic Code", code),)) if code else None
    areas = tuple(one for one in (area or coded,) if one)
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


def alert_12379(
    colour: str = "Blue",
    kind: str = "Alert",
    *,
    first: cn12379.Alert | None = None,
    minutes: int = 0,
    code: str = "",
    area: cn12379.Area | None = None,
    event_type: str = "11B03",
) -> cn12379.Alert:
    """What a meteorological office sends by the release system: an update or a cancellation names the first message."""
    sent = (
        real_now().astimezone(BEIJING).replace(microsecond=0)
        - timedelta(hours=1)
        + timedelta(minutes=minutes)
    )
    entered = sent - timedelta(minutes=3)
    headline = cn12379.build_headline("试验市气象台", kind, "暴雨", colour)
    return cn12379.Alert(
        identifier=f"{SENDER}_{entered:%Y%m%d%H%M%S}",
        sender="试验市气象台",
        sender_code=SENDER,
        sent_at=sent,
        status="Actual",
        msg_type=kind,
        methods=(cn12379.Method("SMS", "", ("G01",), ("13800000000",)),),
        note="降雨趋于结束。" if kind == "Cancel" else "",
        references=first.identifier if first else "",
        info=cn12379.Info(
            event_type=event_type,
            severity=colour,
            effective_at=sent,
            onset_at=sent,
            expires_at=sent + timedelta(hours=12),
            signed_by="签发员甲",
            headline=headline,
            description=f"预计6小时内有强降雨（{colour}）。",
            instruction="注意防范山洪。",
            areas=(area or cn12379.Area("甲区", (code,)),),
        ),
    )


def bytes_of(message: cap.Alert | cn12379.Alert) -> bytes:
    return cap.write(message) if isinstance(message, cap.Alert) else cn12379.write(message)


def come(source: AlertSource, message: cap.Alert | cn12379.Alert | bytes) -> AlertMessage:
    """A message comes in, and what follows from it happens at once."""
    data = message if isinstance(message, bytes) else bytes_of(message)
    running = find_running(source.pk)
    assert running is not None
    node = Context(None, running.exercise, powers=POWERS)
    taken = receive_message(node, running, data)
    settle_message(node, taken.message.pk)
    taken.message.refresh_from_db()
    return taken.message


def carry() -> None:
    """All that was journalled reaches its handlers, as a relay brings it to them."""
    with_handlers()
    relay = Relay()
    while relay.carry(relay.waiting(relay.lease())):
        pass
    assert not Parked.objects.exists(), "a handler failed"
