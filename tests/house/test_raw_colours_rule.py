from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house.rules import raw_colours

if TYPE_CHECKING:
    from tests.house.conftest import TreeOf

PAGE = "src/anlan/site/templates/site/home.html"
SHEET = "frontend/src/styles/table.css"
SCRIPT = "frontend/src/behaviours/live.ts"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (PAGE, "<p class='an-x text-danger'></p>"),
        (PAGE, "<p class='{% if x %}bg-red-lt{% endif %}'></p>"),
        (PAGE, "<a class='btn btn-outline-success'></a>"),
        (PAGE, "<path fill='#ff0000'></path>"),
        ("src/anlan/watch/rain/tables.py", "x = {'class': 'alert alert-warning'}"),
        (SCRIPT, "row.classList.add('bg-warning')"),
        (SCRIPT, "const colour = '#f00'"),
        (SHEET, ".x { color: #c00; }"),
        (SHEET, ".x {\n  border: 1px solid red;\n}"),
        (SHEET, ".x { background: rgb(255 0 0); }"),
        (SHEET, ".x { color: var(--tblr-danger); }"),
    ],
)
def test_a_raw_colour_is_found(tree_of: TreeOf, path: str, text: str) -> None:
    assert len(list(raw_colours.check(tree_of({path: text})))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (PAGE, "<p class='an-level-red btn-primary text-secondary'><a href='#add'>{{ x }}</a></p>"),
        (SHEET, ".x { color: var(--an-level-red-fg); } /* not #c00 */ #add { margin: 0 }"),
        (SHEET, ".an-level-red { background: color-mix(in oklab, var(--an-ground) 90%, transparent); }"),
        (SCRIPT, "document.querySelector('#answer')"),
        ("frontend/src/styles/tokens.css", ":root { --an-red: #c00; --tblr-danger: var(--an-red) }"),
    ],
)
def test_tokens_pass(tree_of: TreeOf, path: str, text: str) -> None:
    assert not list(raw_colours.check(tree_of({path: text})))
