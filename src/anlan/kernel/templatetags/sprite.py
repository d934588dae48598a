"""The address of the icons' sprite, looked up once: a page draws some twenty-five icons."""

from functools import cache
from typing import Any

from django.template import Library
from django_vite.core.asset_loader import DjangoViteAssetLoader

register = Library()


@register.simple_tag
@cache
def sprite() -> str:
    loader: Any = DjangoViteAssetLoader  # it has no types
    return str(loader.instance().generate_vite_asset_url("src/icons.svg"))
