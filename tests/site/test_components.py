"""Components of pages: each knows what it was given, and nothing of the page around it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import RequestContext, Template
from django.test import RequestFactory
from django_cotton.compiler_regex import CottonCompiler

from anlan.launcher.place import CHECKOUT
from tests.cast import acting

if TYPE_CHECKING:
    from tests.cast import World

FOLDER = CHECKOUT / "src/anlan/kernel/templates/cotton"
COMPONENTS = {
    ".".join(file.relative_to(FOLDER).with_suffix("").parts).removesuffix(".index"): file
    for file in sorted(FOLDER.rglob("*.html"))
}
NAME = re.compile(r"[a-z_]{2,}")
LEAK = "漏进来的"


class Words(forms.Form):
    words = forms.CharField()


@pytest.mark.parametrize("component", COMPONENTS)
def test_no_words_of_the_page_reach_a_component_that_was_not_given_them(component: str, world: World) -> None:
    request = RequestFactory().get("/")
    request.user, request.ctx, request.session = world.officer, acting(world.officer), {}  # type: ignore[attr-defined]  # as middleware does
    around = dict.fromkeys(NAME.findall(COMPONENTS[component].read_text()), LEAK)
    around.pop("request", None)  # what every page has, components have, too
    around["given"] = Words()["words"]
    field = ':field="given"' if component == "field" else ""  # without one it has nothing to show
    source = CottonCompiler().process(f"<c-{component} {field} />")
    assert LEAK not in Template(source).render(RequestContext(request, around))


def test_pages_of_a_list_keep_what_it_is_narrowed_by(world: World) -> None:
    """Though a component has no more of the page than its request."""
    request = RequestFactory().get("/", {"state": "running", "page": "2"})
    request.user, request.ctx, request.session = world.officer, acting(world.officer), {}  # type: ignore[attr-defined]  # as middleware does
    source = CottonCompiler().process('<c-pager :page="given" />')
    around = {"given": Paginator(range(9), 3).page(2)}
    links = re.findall(r'href="([^"]+)"', Template(source).render(RequestContext(request, around)))
    assert links == ["?state=running&amp;page=1", "?state=running&amp;page=3"]
