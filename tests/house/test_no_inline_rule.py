from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house.rules import no_inline

if TYPE_CHECKING:
    from tests.house.conftest import TreeOf

PAGE = "src/anlan/site/templates/site/home.html"


@pytest.mark.parametrize(
    "markup",
    [
        "<script>go()</script>",
        "<script type='module'>go()</script>",
        "<style>p { margin: 0 }</style>",
        "<p style='margin: 0'></p>",
        "<p {% if x %}style='margin: 0'{% endif %}></p>",
        "<button onclick='go()'></button>",
        "<div hx-on:click='go()'></div>",
        "<a href='javascript:go()'></a>",
        "<div hx-vals='js:{a: b}'></div>",
        "<div hx-trigger='click[ctrlKey]'></div>",
    ],
)
def test_inline_script_or_style_is_found(tree_of: TreeOf, markup: str) -> None:
    found = list(no_inline.check(tree_of({PAGE: f"<main>\n{markup}</main>"})))
    assert [finding.line for finding in found] == [2]


@pytest.mark.parametrize(
    "markup",
    [
        "<script src='{% static 'x.js' %}' defer></script>",
        "<script type='application/json' id='x'>{{ data }}</script>",
        "{# <script>go()</script> #}{% comment %}<p style='x'></p>{% endcomment %}",
        "<c-button primary data-behaviour='copy' hx-get='/x/'>{% translate 'style=' %}</c-button>",
        "<!-- <script>go()</script> -->",
    ],
)
def test_behaviours_and_data_blocks_pass(tree_of: TreeOf, markup: str) -> None:
    assert not list(no_inline.check(tree_of({PAGE: markup})))
