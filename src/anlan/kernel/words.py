"""Texts for places whose types want a plain str though they may take a lazy one (the API's summaries)."""

from typing import cast

from django.utils.translation import gettext_lazy


def lazy(text: str) -> str:
    """The text in the reader's language, decided when it is shown."""
    return cast("str", gettext_lazy(text))
