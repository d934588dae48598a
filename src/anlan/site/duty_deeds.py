"""What people do with obligations, each on a page that says beforehand what will happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anlan.kernel import obligations
from anlan.kernel.terms import ObligationState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.utils.functional import _StrPromise

    from anlan.kernel.context import Context
    from anlan.kernel.models import Entry

LONGEST = 1000  # characters of a reason
OPEN, PAUSED = ObligationState.OPEN, ObligationState.PAUSED


class DeedForm(forms.Form):
    """The words that go with a deed."""

    text = forms.CharField(max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, deed: Deed, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a request's fields
        self.fields["text"].label = deed.asks
        self.fields["text"].help_text = str(deed.help)
        if not deed.asks:
            del self.fields["text"]


@dataclass(frozen=True)
class Deed:
    """One act on one or many obligations.

    asks     what the person is asked to write; blank: nothing
    effects  what will happen, a line each; %(count)s obligations of %(units)s units, %(late)s of them overdue
    states   in which obligations must be
    """

    name: str
    capability: str
    title: _StrPromise
    icon: str
    effects: Sequence[_StrPromise]
    done: _StrPromise
    states: Sequence[ObligationState]
    run: Callable[[Context, Sequence[int], str], Entry]
    asks: _StrPromise | str = ""
    help: _StrPromise | str = ""


DEEDS = (
    Deed(
        "fulfil",
        "kernel.obligation.fulfil",
        _("登记办结"),
        "check",
        (
            _("%(units)s 个单位的 %(count)s 项履责事项记办一次，办够次数的即办结，其中 %(late)s 项已逾期"),
            _("办结时间是现在；逾期的按逾期办结记"),
            _("您的说明和姓名一并留痕，不能更改"),
        ),
        _("已登记 %(count)s 项。"),
        (OPEN, PAUSED),
        lambda ctx, ids, text: obligations.fulfil_obligations(ctx, ids, proof=text),
        _("办理情况"),
        _("写清何时、由谁、怎样办的，有文号的写文号。"),
    ),
    Deed(
        "urge",
        "kernel.obligation.urge",
        _("督办"),
        "bell",
        (
            _("向 %(units)s 个单位督办 %(count)s 项履责事项，其中 %(late)s 项已逾期"),
            _("督办意见记入各事项的经过，期限不变"),
        ),
        _("已督办 %(count)s 项。"),
        (OPEN,),
        lambda ctx, ids, text: obligations.urge_obligations(ctx, ids, words=text),
        _("督办意见"),
        _("写清要求办到什么程度、何时反馈。"),
    ),
    Deed(
        "pause",
        "kernel.obligation.pause",
        pgettext_lazy("act", "中止"),
        "player-pause",
        (
            _("%(units)s 个单位的 %(count)s 项履责事项停止计时，不再提醒和告知"),
            _("恢复后，期限按中止的时长顺延"),
        ),
        _("已中止 %(count)s 项。"),
        (OPEN,),
        lambda ctx, ids, text: obligations.pause_obligations(ctx, ids, reason=text),
        _("中止理由"),
        _("写清什么客观原因使其暂时无法办理。"),
    ),
    Deed(
        "resume",
        "kernel.obligation.pause",
        pgettext_lazy("act", "恢复"),
        "player-play",
        (
            _("%(units)s 个单位的 %(count)s 项履责事项恢复计时"),
            _("期限按中止的时长顺延，提醒和告知照常"),
        ),
        _("已恢复 %(count)s 项。"),
        (PAUSED,),
        lambda ctx, ids, _text: obligations.resume_obligations(ctx, ids),
    ),
    Deed(
        "waive",
        "kernel.obligation.waive",
        _("免除"),
        "ban",
        (
            _("免除 %(units)s 个单位的 %(count)s 项履责事项，其中 %(late)s 项已逾期"),
            _("免除后不再要求办理，也不能恢复"),
            _("您的理由和姓名一并留痕，审计可查"),
        ),
        _("已免除 %(count)s 项。"),
        (OPEN, PAUSED),
        lambda ctx, ids, text: obligations.waive_obligations(ctx, ids, reason=text),
        _("免除理由"),
        _("写清依据和批准人。"),
    ),
)
