"""The secrets of carriers: in a file outside the database (ANLAN_CARRIER_SECRETS), read again when it changes."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

log = logging.getLogger("anlan.sender")
_read: tuple[tuple[int, int], Mapping[str, str]] | None = None


def secret_of(code: str) -> str | None:
    """A carrier's secret; None where there is none. What the file says is never logged or shown."""
    path = settings.ANLAN.carrier_secrets
    return _content(path).get(code) if path else None


def _content(path: Path) -> Mapping[str, str]:
    global _read  # noqa: PLW0603 - one file, one memory of it
    try:
        state = path.stat()
        stamp = state.st_mtime_ns, state.st_ino
        if _read is None or _read[0] != stamp:
            _read = stamp, {str(key): str(text) for key, text in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, AttributeError) as error:
        # Not the error's own words: those of a JSON error may quote the file.
        log.warning("the file of carriers' secrets cannot be read: %s", type(error).__name__)
        return _read[1] if _read else {}
    return _read[1]
