"""The launcher's sentences, in the operator's language: Chinese unless the terminal's locale is English."""

import os
import sys
from typing import NoReturn


def words(zh: str, en: str) -> str:
    """One of two sentences that say the same."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return en if locale.lower().startswith("en") else zh


def say(zh: str, en: str) -> None:
    print(words(zh, en), flush=True)


def stop(zh: str, en: str, *, code: int = 1) -> NoReturn:
    """End the program with a reason that tells the operator what to do."""
    print(words(zh, en), file=sys.stderr, flush=True)
    raise SystemExit(code)
