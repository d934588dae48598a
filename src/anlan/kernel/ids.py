"""Keys that a phone or another node may make: UUID version 7, in order of time (RFC 9562, 5.7 and 6.2 method 3)."""

import secrets
import uuid

from anlan.kernel.clock import real_now


def uuid7() -> uuid.UUID:
    """48 bits of Unix milliseconds, 12 of their fraction, random bits.

    The fraction keeps keys of one millisecond in their order: lists that are paged by their key show the latest first.
    """
    now = real_now()
    milliseconds, microseconds = int(now.timestamp()) * 1000 + now.microsecond // 1000, now.microsecond % 1000
    fraction = microseconds * 4096 // 1000
    value = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)
