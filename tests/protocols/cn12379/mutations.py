"""Messages that something happened to on their way, always the same ones."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from anlan.protocols.cn12379 import write
from tests.protocols.cn12379.samples import HENAN, RAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

STRANGE = (b"9" * 400, b"<area>", b"&#0;", b"]]>", b"\xef\xbc\x8c", b" -1e999 ", b"0001-01-01")


def mutated(count: int) -> Iterator[bytes]:
    chance = random.Random(12379)  # noqa: S311 - the same bytes at every run
    sources = (HENAN, write(RAIN), HENAN.decode().replace("UTF-8", "GBK").encode("gbk"))
    for _ in range(count):
        data = bytearray(chance.choice(sources))
        for _ in range(chance.randint(1, 3)):
            at, kind = chance.randrange(len(data)), chance.randrange(4)
            if kind == 0:
                data[at] = chance.randrange(256)
            elif kind == 1:
                del data[at : at + chance.randint(1, 40)]
            elif kind == 2:
                data[at:at] = data[at : at + chance.randint(1, 200)]
            else:
                data[at:at] = chance.choice(STRANGE)
        yield bytes(data)
