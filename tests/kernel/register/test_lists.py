"""A register's list: order, pages forwards and backwards, filters, words, units, states, saved views; masked throughout."""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.kernel.clock import real_now
from anlan.kernel.models import SavedView
from anlan.kernel.register import listing
from rooms.prevent.hydrant.models import Hydrant
from rooms.prevent.hydrant.register import HYDRANTS
from tests.cast import acting
from tests.prevent.hydrant.hydrants import hydrant

if TYPE_CHECKING:
    from django.test import Client

    from anlan.kernel.models import User
    from tests.cast import World

pytestmark = pytest.mark.django_db
LIST = "/prevent/hydrant/"
PHONE = "13800001234"


@pytest.fixture
def browser(door: Client, keeper: User) -> Client:
    door.force_login(keeper)
    return door


def page(browser: Client, query: str = "") -> str:
    answer = browser.get(f"{LIST}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def names(text: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', text)


def turn(text: str, which: str) -> str:
    """The address of the next or previous page; blank where there is none."""
    found = re.search(rf'href="([^"]*\b{which}=[^"]*)"', text)
    return unescape(found[1]) if found else ""


def test_names_are_in_the_order_of_pinyin(browser: Client, world: World) -> None:
    for name in ("张家街", "安定街", "李家街", "北门", "曹家街"):
        hydrant(world.town, name)
    assert names(page(browser)) == ["安定街", "北门", "曹家街", "李家街", "张家街"]
    assert names(page(browser, "?sort=-name")) == ["张家街", "李家街", "曹家街", "北门", "安定街"]


def test_another_column_sorts_and_what_cannot_is_passed_over(browser: Client, world: World) -> None:
    hydrant(world.town, "甲街", code="B")
    hydrant(world.town, "乙街", code="A")
    assert names(page(browser, "?sort=code")) == ["乙街", "甲街"]
    assert 'aria-sort="ascending"' in page(browser, "?sort=code")
    for sort in ("note", "keeper_phone", "unit__name", "-", "nonsense"):
        assert names(page(browser, f"?sort={sort}")) == ["甲街", "乙街"]


def test_pages_lead_to_the_end_and_back_to_the_beginning(
    browser: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        listing.list_slice, "__kwdefaults__", {**(listing.list_slice.__kwdefaults__ or {}), "rows": 3}
    )
    for number in range(8):
        hydrant(world.town, f"{'一二三'[number % 3]}街", note=str(number))
    forwards, query = [], ""
    while True:
        text = page(browser, query)
        forwards.append(names(text))
        if not (query := turn(text, "after")):
            break
    assert [len(rows) for rows in forwards] == [3, 3, 2]
    backwards, query = [forwards[-1]], turn(text, "before")
    while query:
        text = page(browser, query)
        backwards.insert(0, names(text))
        query = turn(text, "before")
    assert backwards == forwards
    assert "共 8 条" in text


def few_rows(ctx: Any, wanted: listing.Wanted, after: str = "") -> tuple[listing.Slice, str]:
    """A page of three rows, and how many it says there are."""
    found = listing.list_slice(ctx, HYDRANTS, wanted, after=after, rows=3)
    return found, listing.count(ctx, HYDRANTS, wanted, shown=found)


def test_how_many_there_are_is_counted_where_that_is_cheap(
    world: World, keeper: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        hydrant(world.town, "东街", note=str(number))
    ctx, wanted = acting(keeper), listing.Wanted(sort="name", chosen={"kind": "street"})
    assert few_rows(ctx, wanted)[1] == "共 8 条"
    monkeypatch.setattr(listing, "COUNTED", 6)
    assert few_rows(ctx, wanted)[1] == "超过 6 条"
    monkeypatch.setattr(listing, "DEAR", 0.0)
    assert few_rows(ctx, wanted)[1].startswith("约 ")


def test_how_many_the_words_find_is_said_on_every_page(
    world: World, keeper: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        hydrant(world.town, "东街", note=str(number))
    hydrant(world.town, "西街")
    ctx, wanted = acting(keeper), listing.Wanted(sort="name", words="东街")
    first, said = few_rows(ctx, wanted)
    assert (first.found, said) == (8, "共 8 条")
    later, said = few_rows(ctx, wanted, first.after)
    assert (later.found, said) == (None, "共 8 条")
    monkeypatch.setattr(listing, "MOST_FOUND", 5)
    assert few_rows(ctx, wanted)[1].startswith("匹配过多")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chosen=st.lists(st.sampled_from("甲乙丙丁"), min_size=1, max_size=12),
    rows=st.integers(1, 5),
    sort=st.sampled_from(["name", "-name", "code", "-code"]),
)
def test_pages_neither_drop_nor_repeat_a_record(
    world: World, keeper: User, chosen: list[str], rows: int, sort: str
) -> None:
    Hydrant.unscoped.all().delete()
    for name in chosen:
        hydrant(world.town, name)
    ctx, wanted = acting(keeper), listing.Wanted(sort=sort)
    whole = [row[0] for row in listing.list_slice(ctx, HYDRANTS, wanted, rows=100).rows]
    assert len(set(whole)) == len(chosen)
    found, slices = [], [listing.list_slice(ctx, HYDRANTS, wanted, rows=rows)]
    while slices[-1].after:
        slices.append(listing.list_slice(ctx, HYDRANTS, wanted, after=slices[-1].after, rows=rows))
    found = [row[0] for one in slices for row in one.rows]
    assert found == whole
    for earlier, later in pairwise(slices):
        back = listing.list_slice(ctx, HYDRANTS, wanted, before=later.before, rows=rows)
        assert [row[0] for row in back.rows] == [row[0] for row in earlier.rows]
    chunks = listing.iterate(
        ctx, HYDRANTS, wanted, capability="prevent.hydrant.read", paths=["name"], chunk=rows, most=99
    )
    assert [row[0] for chunk in chunks for row in chunk] == whole


@pytest.mark.parametrize("mark", ["x", "W10", "bnVsbA", "WyJ4IiwgInkiXQ", "a" * 2000])
def test_a_mark_that_cannot_be_read_is_passed_over(browser: Client, world: World, mark: str) -> None:
    hydrant(world.town, "甲街")
    assert names(page(browser, f"?after={mark}")) == ["甲街"]
    assert names(page(browser, f"?before={mark}")) == ["甲街"]


def test_filters_words_unit_and_state_narrow_the_list(browser: Client, world: World) -> None:
    hydrant(world.town, "东街", kind="indoor", works=False)
    hydrant(world.district, "西街", code="XJ-77")
    hydrant(world.town, "南街", retired_at=real_now())
    assert names(page(browser, "?kind=indoor")) == ["东街"]
    assert names(page(browser, "?works=0")) == ["东街"]
    assert names(page(browser, "?works=1&kind=indoor")) == []
    assert names(page(browser, f"?unit={world.town.pk}")) == ["东街"]
    assert names(page(browser, "?use=retired")) == ["南街"]
    assert len(names(page(browser, "?use=all"))) == 3
    for words in ("东", "东街", "dongjie", "dj"):
        assert names(page(browser, f"?q={words}")) == ["东街"]
    assert names(page(browser, "?q=xj-77")) == ["西街"]
    assert "没有符合条件的记录" in page(browser, "?q=没有的")
    assert names(page(browser, "?q=!!!")) == []
    for wrong in ("kind=spring", "works=2", "use=lost", "unit=x", "unit=" + "9" * 30):
        assert names(page(browser, f"?{wrong}")) == ["东街", "西街"]


def test_what_lies_outside_scope_is_in_no_list(browser: Client, world: World) -> None:
    theirs = hydrant(world.neighbour_town, "北街")
    for query in ("", "?q=北街", "?use=all", "?sort=-name"):
        assert names(page(browser, query)) == []
    assert browser.get(f"{LIST}?unit={world.neighbour_town.pk}").status_code == 404
    for name in ("detail", "edit", "retire"):
        assert browser.get(reverse(f"hydrant_{name}", args=[theirs.pk])).status_code == 404
    for name in ("restore", "look"):
        answer = browser.post(reverse(f"hydrant_{name}", args=[theirs.pk]), {"reason": "甲"})
        assert answer.status_code == 404


def test_masked_values_are_nowhere_in_any_answer(browser: Client, world: World) -> None:
    made = hydrant(world.town, keeper_phone=PHONE)
    for name, args in (("list", []), ("detail", [made.pk]), ("edit", [made.pk]), ("retire", [made.pk])):
        text = browser.get(reverse(f"hydrant_{name}", args=args)).content.decode()
        assert PHONE not in text
    assert "138••••1234" in page(browser)
    choose = browser.get(reverse("hydrant_choose", args=["feeds_from"]), {"feeds_from_words": "东街"})
    assert PHONE not in choose.content.decode()
    assert names(page(browser, f"?q={PHONE}")) == []


def test_every_value_is_escaped(browser: Client, world: World) -> None:
    made = hydrant(world.town, "<script>甲", note="<img src=x>")
    for address in (LIST, reverse("hydrant_detail", args=[made.pk]), reverse("hydrant_edit", args=[made.pk])):
        text = browser.get(address).content.decode()
        assert "<script>甲" not in text
        assert "<img src=x>" not in text


# --- saved views ----------------------------------------------------------------------------------------------------


def save(browser: Client, name: str, query: str = "kind=indoor", **more: Any) -> None:
    answer = browser.post(reverse("hydrant_view_save"), {"name": name, "query": query, **more})
    assert answer.status_code == 302


def test_a_view_is_one_s_own_until_it_is_shared(browser: Client, world: World) -> None:
    save(browser, "室内")
    save(browser, "室内", "kind=shore")
    save(browser, "大家的", shared="on")
    assert SavedView.objects.get(name="室内").query == "kind=shore"
    assert 'href="?kind=shore"' in page(browser)
    other = world.holder("prevent.hydrant.read")
    browser.force_login(other)
    text = page(browser)
    assert "大家的" in text
    assert "室内</" not in text.split("常用视图")[1].split("</nav>")[0]
    shared = SavedView.objects.get(name="大家的")
    assert browser.post(reverse("hydrant_view_drop", args=[shared.pk])).status_code == 404


def test_a_view_is_dropped_by_who_saved_it(browser: Client, world: World) -> None:
    save(browser, "室内")
    view = SavedView.objects.get()
    assert browser.post(reverse("hydrant_view_drop", args=[view.pk])).status_code == 302
    assert not SavedView.objects.exists()
    assert browser.post(reverse("hydrant_view_drop", args=[view.pk])).status_code == 404


def test_a_view_without_a_name_is_told(browser: Client) -> None:
    answer = browser.post(reverse("hydrant_view_save"), {"name": "", "query": "kind=indoor"}, follow=True)
    assert "请填写视图名称" in answer.content.decode()
    assert not SavedView.objects.exists()


def test_views_of_other_registers_are_not_shown(browser: Client, keeper: User) -> None:
    SavedView.objects.create(register="organisation.unit", name="乡镇", query="kind=township", owner=keeper)
    assert "乡镇" not in page(browser)
