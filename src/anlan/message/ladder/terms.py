"""Ladders: who is tried next and by what, how a ladder is written, and what may be done with ladders.

立即 本人 站内、短信
3分钟 本人 语音 3次 间隔100秒
9分钟 替补 短信、语音
12分钟 上级值班
20分钟 上门
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from datetime import time

LONGEST_S, MOST_TRIES, MOST_STEPS = 24 * 3600, 10, 20


class Target(TextChoices):
    """Who is tried."""

    PERSON = "person", _("本人")
    STAND_IN = "stand_in", _("替补")
    UPPER_DUTY = "upper_duty", _("上级值班")
    ERRAND = "errand", _("上门")


class Way(TextChoices):
    """By what; the channels' own words."""

    APP = "app", _("站内")
    SMS = "sms", _("短信")
    VOICE = "voice", _("语音")
    EMAIL = "email", _("邮件")


# How ladders are written, in whatever language the page is shown: they are data of a Chinese node.
WORDS = json.loads((Path(__file__).parent / "data/words.json").read_text())
NOW: str = WORDS["now"]
TARGETS = {word: Target(code) for word, code in WORDS["targets"].items()}
WAYS = {word: Way(code) for word, code in WORDS["ways"].items()}
UNITS_S: dict[str, int] = WORDS["units_s"]
SPAN = re.compile(rf"(\d{{1,5}})({'|'.join(sorted(UNITS_S, key=len, reverse=True))})")
TRIES, EVERY, BETWEEN = (re.compile(WORDS[name]) for name in ("tries", "every", "between"))


class WrongStep(ValueError):
    """A line of a ladder that cannot be read; the words say which and how to write it."""


@dataclass(frozen=True)
class Rung:
    """One attempt: so many seconds after the beginning, whom, by what. A step with three tries is three rungs."""

    at_s: int
    target: str
    ways: tuple[str, ...]

    def as_data(self) -> dict[str, object]:
        return {"at_s": self.at_s, "target": str(self.target), "ways": [str(way) for way in self.ways]}


class Example(NamedTuple):
    """A ladder as it is shipped, with where it is from; None of its figures is a legal requirement."""

    name: str
    colours: tuple[str, ...]
    posts: tuple[str, ...]
    steps: str
    source: str


def rungs_of(steps: str) -> list[Rung]:
    """A ladder as it is written, as what is done when. raises WrongStep"""
    lines = [(number, line.split()) for number, line in enumerate(steps.splitlines(), 1) if line.strip()]
    if not lines:
        raise WrongStep(gettext("阶梯至少要有一步，例如“立即 本人 站内、短信”。"))
    if len(lines) > MOST_STEPS:
        raise WrongStep(gettext("阶梯最多 %(most)s 步。请合并。") % {"most": MOST_STEPS})
    read = [_step(number, words) for number, words in lines]
    for (number, _words), before, step in zip(lines[1:], read, read[1:], strict=False):
        if step[0].at_s < before[0].at_s:
            raise WrongStep(gettext("第 %(line)s 行的时间比上一行早。请按先后排列。") % {"line": number})
    if read[0][0].at_s:
        raise WrongStep(gettext("第一步应当“立即”进行。"))
    return sorted((rung for several in read for rung in several), key=lambda rung: rung.at_s)


def _step(number: int, words: list[str]) -> list[Rung]:
    if len(words) < 2 or words[1] not in TARGETS:
        raise _wrong(number)
    after, target = (0 if words[0] == NOW else _seconds(number, words[0])), TARGETS[words[1]]
    told = words[2:]
    if target in {Target.UPPER_DUTY, Target.ERRAND}:
        if told:
            raise WrongStep(
                gettext("第 %(line)s 行：“上级值班”“上门”后面不写方式和次数。") % {"line": number}
            )
        return [Rung(after, target, ())]
    if not told:
        raise _wrong(number)
    names = BETWEEN.split(told[0])
    if not set(names) <= set(WAYS) or len(set(names)) != len(names):
        raise WrongStep(
            gettext("第 %(line)s 行：方式只能是 站内、短信、语音、邮件，不重复，用顿号隔开。")
            % {"line": number}
        )
    tries, every = _repeats(number, told[1:])
    if after + (tries - 1) * every > LONGEST_S:
        raise WrongStep(gettext("第 %(line)s 行：最迟在 24 小时之内。") % {"line": number})
    return [Rung(after + turn * every, target, tuple(WAYS[name] for name in names)) for turn in range(tries)]


def _repeats(number: int, words: list[str]) -> tuple[int, int]:
    if not words:
        return 1, 0
    tries = TRIES.fullmatch(words[0])
    every = EVERY.fullmatch(words[1]) if len(words) == 2 else None
    if tries is None or every is None or not 1 < int(tries[1]) <= MOST_TRIES:
        raise WrongStep(
            gettext("第 %(line)s 行：重复写作“3次 间隔100秒”，2—%(most)s 次。")
            % {"line": number, "most": MOST_TRIES}
        )
    return int(tries[1]), _seconds(number, every[1])


def _seconds(number: int, text: str) -> int:
    found = SPAN.fullmatch(text)
    if found is None or int(found[1]) * UNITS_S[found[2]] > LONGEST_S:
        raise _wrong(number)
    return int(found[1]) * UNITS_S[found[2]]


def _wrong(number: int) -> WrongStep:
    return WrongStep(
        gettext("第 %(line)s 行读不懂。写法：时间 对象 方式，例如“3分钟 本人 语音 3次 间隔100秒”。")
        % {"line": number}
    )


def is_within(moment: time, begin: time | None, end: time | None) -> bool:
    """Whether a time of day lies in hours that may pass midnight; None: all day."""
    if begin is None or end is None:
        return True
    return begin <= moment < end if begin < end else moment >= begin or moment < end


def _examples() -> tuple[Example, ...]:
    rows = json.loads((Path(__file__).parent / "data/examples.json").read_text())
    return tuple(
        Example(
            row["name"], tuple(row["colours"]), tuple(row["posts"]), "\n".join(row["steps"]), row["source"]
        )
        for row in rows
    )


def _told() -> Example:
    row = json.loads((Path(__file__).parent / "data/told.json").read_text())
    return Example(row["name"], (), (), "\n".join(row["steps"]), row["source"])


EXAMPLES = _examples()
TOLD = _told()  # of what is only told, whatever units have laid down: nobody is woken for it

CAPABILITIES = {
    "message.ladder.read": _("查看叫应阶梯"),
    "message.ladder.edit": _("维护叫应阶梯"),
    "message.ladder.export": _("导出叫应阶梯"),
}
