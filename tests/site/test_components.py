"""Components of pages: each knows what it was given, and nothing of the page around it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django import forms
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
