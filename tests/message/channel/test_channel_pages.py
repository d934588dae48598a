"""Pages of channels: what they show and what they hide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.urls import reverse

from anlan.kernel.clock import real_now
from anlan.message.channel import services
from anlan.message.channel.models import Carrier, CarrierPermit, Delivery
from anlan.message.channel.terms import DeliveryState, Event, Happened
from tests.cast import enter
from tests.message.channels import hand_over, make_carrier, make_exercise, program, queue
from tests.organisation.people import make_person

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World

ONE, TWO = "10000000001", "10000000002"


def page(door: Client, name: str, *arguments: object, **query: object) -> str:
    answer = door.get(reverse(name, args=arguments), query)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_a_paced_queue_tells_how_long_it_will_take(world: World, door: Client) -> None:
    make_carrier(world.district, "sms-1", pace_per_s=2)
    queue(world.town, [str(10000000000 + number) for number in range(240)])
    enter(door, world.officer)
    shown = page(door, "channel_doing")
    assert "每秒 2 条" in shown
    assert "按当前速率约需 2 分钟" in shown


def test_what_no_carrier_may_have_is_said_aloud(world: World, door: Client) -> None:
    make_carrier(world.district, "real")
    queue(world.town, [ONE], exercise=make_exercise())
    enter(door, world.officer)
    assert "1 条短信没有可用的渠道" in page(door, "channel_doing")


def test_a_carrier_that_is_down_shows_since_when_and_why(world: World, door: Client) -> None:
    sms = make_carrier(world.district)
    for _ in range(2):
        services.note_fault(program(), sms.pk, [], "unreachable")
    enter(door, world.officer)
    shown = page(door, "channel_doing")
    assert "起中断" in shown
    assert "渠道没有应答" in shown


def test_numbers_are_masked_everywhere(world: World, door: Client) -> None:
    sms = make_carrier(world.district)
    (delivery,) = queue(world.town, [ONE], body="请回复{reply}")
    hand_over(sms)
    told = Event(Happened.REPLY, real_now(), ref="r", number=ONE, text="什么事")
    services.take_events(program(), sms, [told])
    enter(door, world.officer)
    pages = [
        page(door, "channel_deliveries"),
        page(door, "channel_delivery", delivery.pk),
        page(door, "channel_replies"),
    ]
    assert not [one for one in pages if ONE in one]
    assert all("100••••0001" in one for one in pages)


def test_a_delivery_says_what_was_said_and_names_nobody_s_link(world: World, door: Client) -> None:
    sms = make_carrier(world.district)
    person = make_person(world.town)
    (delivery,) = queue(world.town, [ONE], body="{name}：请到岗，回复{reply}，或点 {link}")
    Delivery.unscoped.filter(pk=delivery.pk).update(person=person)
    hand_over(sms)
    enter(door, world.officer)
    shown = page(door, "channel_delivery", delivery.pk)
    assert "{name}：请到岗，回复1，或点 {link}" in shown
    assert person.name in shown


def test_deliveries_are_filtered_and_followed_page_by_page(world: World, door: Client) -> None:
    make_carrier(world.district)
    queue(world.town, [str(10000000000 + number) for number in range(60)])
    Delivery.unscoped.filter(number=ONE).update(state=DeliveryState.FAILED, fault="no_number")
    enter(door, world.officer)
    first = page(door, "channel_deliveries")
    following = re.search(r'rel="next" href="\?([^"]+)"', first)
    assert following
    answer = door.get(reverse("channel_deliveries") + "?" + following[1].replace("&amp;", "&"))
    seen = [
        set(re.findall(r"/channels/deliveries/([0-9a-f-]{36})/", text))
        for text in (first, answer.content.decode())
    ]
    assert [len(keys) for keys in seen] == [50, 10]
    assert not seen[0] & seen[1]
    failed = page(door, "channel_deliveries", state=DeliveryState.FAILED)
    assert len(set(re.findall(r"/channels/deliveries/([0-9a-f-]{36})/", failed))) == 1
    assert "号码不存在" in failed


def test_what_is_no_place_in_the_list_begins_at_the_first(world: World, door: Client) -> None:
    enter(door, world.officer)
    for place in ("x", "2026-01-01,1", "2026-13-01T00:00:00Z,1", "2026-01-01T00:00:00,1"):
        page(door, "channel_deliveries", after=place, state="99", channel="x")


def test_a_carrier_is_entered_opened_and_closed_by_page(world: World, door: Client) -> None:
    enter(door, world.administrator)
    form = {
        "unit": world.city.pk,
        "code": "sms-1",
        "name": "政务短信平台",
        "driver": "sms_http",
        "address": "https://127.0.0.1:9/sms",
        "rank": 1,
        "batch": 500,
        "price_cny": "0.045",
    }
    wrong = door.post(reverse("channel_create"), {**form, "address": "ftp://x"})
    assert "接口地址应以" in wrong.content.decode()
    assert "政务短信平台" in wrong.content.decode()
    door.post(reverse("channel_create"), form)
    carrier = Carrier.unscoped.get()
    assert (carrier.channel, carrier.simulated) == ("sms", False)
    assert "演练和测试的消息不经过这个真实渠道" in page(door, "channel_detail", carrier.pk)
    opened = reverse("channel_open", args=[carrier.pk])
    assert door.post(opened, {"reason": ""}).status_code == 422
    door.post(opened, {"reason": "联调"})
    permit = CarrierPermit.objects.get(closed_at=None)
    assert "测试消息" in page(door, "channel_detail", carrier.pk)
    again = door.post(opened, {"reason": "联调"})
    assert "已经允许过" in again.content.decode()
    door.post(reverse("channel_close", args=[permit.pk]))
    assert not CarrierPermit.objects.filter(closed_at=None).exists()


def test_a_carrier_keeps_what_it_is_and_its_secret_is_asked_nowhere(world: World, door: Client) -> None:
    real = make_carrier(world.city, "real")
    enter(door, world.administrator)
    shown = page(door, "channel_edit", real.pk)
    assert 'name="address"' in shown
    assert 'name="simulated"' not in shown
    assert "secret" not in page(door, "channel_create").lower()


def test_replies_are_ticked_off(world: World, door: Client) -> None:
    sms = make_carrier(world.district)
    queue(world.town, [ONE], body="请回复{reply}")
    hand_over(sms)
    told = [Event(Happened.REPLY, real_now(), ref=str(n), number=ONE, text="什么事") for n in (1, 2)]
    services.take_events(program(), sms, told)
    enter(door, world.officer)
    ids = re.findall(r'name="id" value="(\d+)"', page(door, "channel_replies"))
    assert len(ids) == 2
    door.post(reverse("channel_settle"), {"id": ids[:1]})
    assert re.findall(r'name="id" value="(\d+)"', page(door, "channel_replies")) == ids[1:]
