from __future__ import annotations

from typing import TYPE_CHECKING

from house.rules import icons

if TYPE_CHECKING:
    from tests.house.conftest import TreeOf

LIST = {icons.LIST: '["plus"]', f"{icons.OWN}/wave.svg": "<svg></svg>"}
PAGE = "src/anlan/site/templates/site/home.html"
URLS = "src/anlan/watch/rain/urls.py"


def test_icons_of_the_sprite_pass(tree_of: TreeOf) -> None:
    page = "<c-icon name='plus' /><c-button icon='wave'></c-button><c-vars icon='inbox' /><c-icon name='{{ icon }}' />"
    door = "DOORS = (Door('watch', _('x'), 'rain_list', 'plus', 'watch.rain.read'),)"
    assert not list(icons.check(tree_of({**LIST, PAGE: page, URLS: door})))


def test_icons_outside_the_sprite_are_found(tree_of: TreeOf) -> None:
    page = "<c-icon name='gone' />\n<c-button icon='lost'></c-button>"
    door = "DOORS = (Door(wing='watch', icon='away'),)"
    found = [
        (finding.path, finding.line) for finding in icons.check(tree_of({**LIST, PAGE: page, URLS: door}))
    ]
    assert sorted(found) == sorted([(PAGE, 1), (PAGE, 2), (URLS, 1)])
