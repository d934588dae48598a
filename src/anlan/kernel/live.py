"""Live messages: what changed, never what it says. Pages fetch it again through their own scoped views."""

import json

LIVE_SUBJECT = "live.changed"


def message(subject: str, version: int) -> bytes:
    """The body of one message: the subject ("kernel.selfcheck:12") and the version that it has now."""
    return json.dumps({"subject": subject, "version": version}).encode()
