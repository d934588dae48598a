"""Carriers: enter one, open a real one to an exercise or to tests, and try one on oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotFound, StateConflict
from anlan.kernel.events import PrivateText
from anlan.kernel.models import Exercise
from anlan.kernel.scope import require
from anlan.message.channel import selectors
from anlan.message.channel.drivers import drivers
from anlan.message.channel.events import CarrierClosed, CarrierEntered, CarrierOpened, CarrierTested
from anlan.message.channel.models import Carrier, CarrierPermit, CarrierState, Delivery
from anlan.message.channel.services.ordering import keep_wording, queue_deliveries
from anlan.message.channel.terms import TEST, Channel, Order, Priority
from anlan.organisation.contact.selectors import list_own_contacts

if TYPE_CHECKING:
    from uuid import UUID

    from anlan.kernel.context import Context

EDIT, OPEN = "message.channel.edit", "message.channel.open"


@act("message.channel.edit")
def create_carrier(ctx: Context, /, **values: Any) -> Carrier:
    """Enter a carrier; its driver says what it reaches people by. raises NotAllowed; ValidationError; DomainError `record_taken`"""
    require(ctx, EDIT, values.get("unit"))
    if values.get("driver") not in drivers():
        raise ValidationError({"driver": _("没有这种接口。请重新选择。")})
    carrier = Carrier(**values, channel=drivers()[values["driver"]].channel, exercise=ctx.exercise)
    carrier.clean()
    try:
        with transaction.atomic():
            carrier.save(force_insert=True)
    except IntegrityError as error:
        raise DomainError("record_taken") from error
    CarrierState.objects.create(carrier=carrier)
    ctx.journal(CarrierEntered(carrier.code, carrier.channel, carrier.simulated), carrier)
    return carrier


@act("message.channel.open")
def open_carrier(ctx: Context, carrier_id: UUID, *, exercise_id: int | None, reason: str) -> CarrierPermit:
    """Let an exercise, or tests (None), use a real carrier until somebody closes it: it will reach real people.

    raises  NotFound; StateConflict where it is open to it already; ValidationError for a simulated carrier, an exercise
            that is over, or no reason
    """
    carrier = selectors.lock_carrier(ctx, carrier_id, OPEN)
    if carrier.simulated or carrier.retired_at:
        raise ValidationError(_("模拟渠道不必另行允许，停用的渠道不能允许。"))
    if not reason.strip():
        raise ValidationError({"reason": _("请写明为什么要动用真实渠道。")})
    exercise = None
    if exercise_id is not None:
        exercise = Exercise.objects.filter(pk=exercise_id, closed_at=None).first()
        if exercise is None:
            raise ValidationError({"exercise": _("演练已经结束。请另选一个演练。")})
    if CarrierPermit.objects.filter(carrier=carrier, exercise=exercise, closed_at=None).exists():
        raise StateConflict
    permit = CarrierPermit.objects.create(carrier=carrier, exercise=exercise, opened_by=ctx.actor)
    ctx.journal(CarrierOpened(exercise_id, PrivateText(reason.strip())), carrier)
    return permit


@act("message.channel.open")
def close_carrier(ctx: Context, permit_id: int) -> Carrier:
    """Take a permit back. Once this is committed, nothing more of that exercise is taken for the carrier.

    raises  NotFound where it is closed already, or out of reach
    """
    permit = CarrierPermit.objects.select_for_update().filter(pk=permit_id, closed_at=None).first()
    if permit is None:
        raise NotFound
    carrier = selectors.lock_carrier(ctx, permit.carrier_id, OPEN)
    # Whoever is taking deliveries for the carrier just now holds this row: closing waits until he has done so.
    CarrierState.objects.select_for_update().get(pk=carrier.pk)
    CarrierPermit.objects.filter(pk=permit.pk).update(closed_at=real_now())
    ctx.journal(CarrierClosed(permit.exercise_id), carrier)
    return carrier


@act("message.channel.test")
def send_test(ctx: Context, carrier_id: UUID) -> Delivery:
    """Send a test to oneself by one carrier. A real one must be open to tests first.

    raises  NotFound; DomainError `test_no_number`, `test_not_open`
    """
    carrier = selectors.get_carrier(ctx, carrier_id, "message.channel.test")
    if not carrier.simulated and not carrier.permits.filter(exercise=ctx.exercise, closed_at=None).exists():
        raise DomainError("test_not_open")
    kinds = {"email"} if carrier.channel == Channel.EMAIL else {"mobile"}
    own = next((one for one in list_own_contacts(ctx) if one.kind in kinds), None)
    if own is None:
        raise DomainError("test_no_number")
    sending = selectors.get_context(ctx, ctx.exercise.pk if ctx.exercise else None, {"message.channel.send"})
    body = _("“%(node)s”试发到您的%(channel)s，收到即说明“%(carrier)s”可用，不必答复。") % {
        "node": settings.ANLAN.node_name,
        "channel": carrier.get_channel_display(),
        "carrier": carrier.name,
    }
    wording = keep_wording(sending, Channel(carrier.channel), _("试发"), body, is_test=True)
    key = str(wording.pk)
    order = Order(wording.pk, key, own.value, own.unit_id, own.person_id)
    queue_deliveries(sending, TEST, [order], priority=Priority.FLASH, only_by=carrier.pk)
    delivery: Delivery = Delivery.unscoped.get(use=TEST, key=key)
    ctx.journal(CarrierTested(str(delivery.pk)), carrier)
    return delivery
