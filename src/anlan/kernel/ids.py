"""Keys that a phone or another node may make: UUID version 7, in order of time (RFC 9562, 5.7)."""

import secrets
import uuid

from anlan.kernel.clock import real_now


def uuid7() -> uuid.UUID:
    """48 bits of Unix milliseconds, then random bits."""
    milliseconds = int(real_now().timestamp() * 1000)
    value = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)
