"""Texts where gettext alone won't do: for places whose types want a plain str, and in every language at once."""

from collections.abc import Callable
from typing import TypeVar, cast

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy

T = TypeVar("T")


def lazy(text: str) -> str:
    """The text in the reader's language, decided when it is shown."""
    return cast("str", gettext_lazy(text))


def in_each_language(say: Callable[[], T]) -> list[T]:
    """What is said in each language that the node speaks: for what a person writes in a file, whichever he reads pages in."""
    said = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            said.append(say())
    return said
