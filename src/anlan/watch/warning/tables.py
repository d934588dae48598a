"""The account of a warning as tables: each figure with the place that it comes from, for the page and for a workbook."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from anlan.kernel import subjects, timeline
from anlan.kernel.register.sheets import Sheet
from anlan.kernel.scope import can
from anlan.kernel.values import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta
    from decimal import Decimal

    from anlan.kernel.context import Context
    from anlan.watch.warning.selectors.account import Account, Course, Moment, Told

WARNING, CALLOUT, DUTY = "warning.earlywarning", "callout.callout", "kernel.obligation"
DUTIES, RETURNED = "kernel.obligation.read", "watch.warning.returned"
NOTHING = "–"


class Cell(NamedTuple):
    """url: where what it says comes from; blank: it says nothing that could be followed. at: of a moment"""

    text: str
    url: str = ""
    at: datetime | None = None


@dataclass
class Table:
    """numbers: from which column on they are figures; the first column names the row"""

    title: str
    heads: Sequence[str]
    rows: list[list[Cell]] = field(default_factory=list)
    numbers: int = 99
    note: str = ""

    @property
    def shown(self) -> list[list[tuple[str, Cell]]]:
        """Rows of cells with their headings, as a phone shows them."""
        return [list(zip(self.heads, row, strict=True)) for row in self.rows]


class Figure(NamedTuple):
    label: str
    value: str
    unit: str
    url: str
    note: str = ""


class Writer:
    """Writes figures of one account for one reader.

    Moments of the day on which it began are given by the time alone.
    """

    def __init__(self, ctx: Context, account: Account) -> None:
        self.ctx, self.account = ctx, account
        self.day = localtime(account.begun_at).date()
        self.key = str(account.warning.pk)

    # --- cells ----------------------------------------------------------------------------------------------------

    def moment(self, at: datetime | None, url: str = "") -> Cell:
        if at is None:
            return Cell(NOTHING)
        local = localtime(at)
        clock = f"{local:%H:%M:%S}"
        is_that_day = local.date() == self.day
        return Cell(clock if is_that_day else f"{date_format(local, 'MONTH_DAY_FORMAT')} {clock}", url, local)

    def entry(self, moment: Moment | None) -> str:
        """Where the entry is read that a moment stands on; blank where the reader may not read its record."""
        if moment is None:
            return ""
        subject = subjects.kinds().get(moment.kind)
        if subject is None or not can(self.ctx, subject.capability):
            return ""
        return timeline.address_of(moment.entry_id, moment.kind, moment.key)

    def turn(self, course: Course, *names: str) -> str:
        """The entry by which a callout began or ended."""
        entry = next((course.turns[name] for name in names if name in course.turns), None)
        return timeline.address_of(entry.pk, CALLOUT, str(course.callout.pk)) if entry else ""

    def people(self, course: Course, count: int, only: str = "") -> Cell:
        return _count(count, _list("callout_people", course, only=only))

    def attempts(self, course: Course, count: int, **asked: str) -> Cell:
        return _count(count, _list("callout_attempts", course, **asked))

    # --- one message ----------------------------------------------------------------------------------------------

    def steps(self, told: Told) -> Table:
        """From the message that came in to the last answer: when, by whom, how long after what."""
        table = Table(_("经过"), (_("步骤"), _("时间"), _("经办"), _("用时")))
        for name, moment, span in self._making(told):
            if moment:
                who = Cell(moment.who or _("系统"))
                given_back = moment is told.submitted and told.returns
                returned = timeline.address_of_all(RETURNED, WARNING, self.key) if given_back else ""
                at = self.moment(moment.at, self.entry(moment))
                table.rows.append([Cell(name), at, who, Cell(span, returned)])
        if told.course and told.course.people:
            table.rows += self._reaching(told, told.course)
        return table

    def _making(self, told: Told) -> Iterable[tuple[str, Moment | None, str]]:
        published = _("紧急发布") if told.issue.urgent else _("发布")
        submitted = _after(_("起草后 %(span)s"), told.to_submission)
        if told.returns:
            submitted += _("，退回 %(times)s 次") % {"times": told.returns}
        return (
            (_("收到外部报文"), told.received, ""),
            (_("起草"), told.drafted, _after(_("收到后 %(span)s"), told.to_draft)),
            (_("送审"), told.submitted, submitted),
            (_("批准"), told.approved, _after(_("送审后 %(span)s"), told.to_approval)),
            (published, told.published, self._published(told)),
            (_("补签"), told.countersigned, _after(_("发布后 %(span)s"), told.to_countersignature)),
        )

    def _published(self, told: Told) -> str:
        parts = [_after(_("批准后 %(span)s"), told.to_publication)]
        if told.received or told.drafted:
            whole = _("收到后共 %(span)s") if told.received else _("起草后共 %(span)s")
            parts.append(_after(whole, told.in_the_making))
        return _("，").join(part for part in parts if part)

    def _reaching(self, told: Told, course: Course) -> Iterable[list[Cell]]:
        """As far as it has come, and while it goes on what is still to come."""
        handed = _list("callout_attempts", course, outcome="handed")
        done = _list("callout_people", course, only="done")
        since = _("批准后 %(span)s") if told.approved else _("发布后 %(span)s")
        after = _("发布后 %(span)s")
        settled, ended = course.settled_at, course.callout.ended_at
        rows = [
            (_("首条交付渠道"), course.handed_first_at, handed, since, told.to_first_hand_over),
            (_("末条交付渠道"), course.handed_last_at, handed, since, told.to_last_hand_over),
            (_("第一人确认"), course.first_at, done, after, told.after(course.first_at)),
            (_("半数确认"), course.half_at, done, after, told.after(course.half_at)),
            (_("九成确认"), course.ninety_at, done, after, told.after(course.ninety_at)),
        ]
        if settled or not ended:
            url = self.turn(course, "completed") or done
            rows.append((_("全部确认或上门告知"), settled, url, after, told.after(settled)))
        else:
            rows.append((_("终止叫应"), ended, self.turn(course, "stopped"), after, told.after(ended)))
        for name, at, url, words, span in rows:
            if at or not ended:
                yield [Cell(name), self.moment(at, url), Cell(""), Cell(_after(words, span))]

    def figures(self, course: Course) -> list[Figure]:
        """Who was called and by what each was confirmed."""
        person = pgettext("count", "人")
        shown = [
            Figure(_("应确认"), str(course.people), person, _list("callout_people", course)),
            *(
                Figure(str(way.label), str(count), person, _list("callout_people", course, only=way.value))
                for way, count in course.by_way
            ),
        ]
        if course.open:
            open_now = _list("callout_people", course, only="open")
            shown.append(Figure(_("还没有确认"), str(course.open), person, open_now))
        if course.unreachable:
            unreached = _list("callout_people", course, only="unreachable")
            shown.append(Figure(_("各种方式均未叫到"), str(course.unreachable), person, unreached))
        return shown

    def tried(self, course: Course) -> Table:
        """The attempts, by whom they were for and by what."""
        heads = (
            _("发给谁"),
            _("方式"),
            _("已下达"),
            _("已交付"),
            _("送达、接通"),
            _("已听完"),
            _("未送达"),
            _("撤回"),
            _("答复后撤回"),
            _("待发"),
            _("重试"),
        )
        cost = [_("费用（元）")] if self.account.whole else []
        table = Table(_("投送"), (*heads, *cost), numbers=2)
        for one in course.attempts:
            asked = {"use": one.use, "channel": one.channel}
            counts = (
                (one.ordered, ""),
                (one.handed, "handed"),
                (one.reached, "reached"),
                (one.heard, "heard"),
                (one.failed, "failed"),
                (one.withdrawn, "withdrawn"),
                (one.after, "after"),
                (one.waiting, "waiting"),
                (one.retries, "again"),
            )
            cells = [self.attempts(course, count, **asked, outcome=outcome) for count, outcome in counts]
            if self.account.whole:
                charged = _list("callout_attempts", course, **asked, outcome="charged")
                cells.append(Cell(_yuan(one.cost_cny), charged if one.cost_cny else ""))
            table.rows.append([Cell(one.whom), Cell(one.way), *cells])
        return table

    def rungs(self, course: Course) -> Table:
        """The rungs that were taken."""
        heads = (_("阶梯"), _("应在"), _("首次执行"), _("人数"), _("发出"), _("派人上门"))
        table = Table(_("叫应阶梯"), heads, numbers=3)
        names = len({one.ladder for one in course.rungs}) > 1
        for one in course.rungs:
            ladder = course.callout.ladders[one.ladder]["name"]
            words = course.words_of(one)
            url = timeline.address_of(one.entry_id, CALLOUT, str(course.callout.pk))
            due = _("发起后 %(span)s") % {"span": _span(course.due_s(one))} if one.rung else _("立即")
            table.rows.append(
                [
                    Cell(_("%(name)s：%(said)s") % {"name": ladder, "said": words} if names else words),
                    Cell(due),
                    self.moment(one.first_at, url),
                    _count(one.people, url),
                    _count(one.deliveries, _list("callout_attempts", course)),
                    self.people(course, one.errands, "door_"),
                ]
            )
        return table

    def doors(self, course: Course) -> list[Figure]:
        """The errands: how many, how they ended, how long they took."""
        doors = course.doors
        if doors is None:
            return []
        time = pgettext("count", "次")
        shown = [Figure(_("派人上门"), str(doors.sent), time, _list("callout_people", course, only="door_"))]
        for label, count, state in (
            (_("已当面告知"), doors.met, "met"),
            (_("未见到人"), doors.failed, "failed"),
            (_("已不必去"), doors.withdrawn, "withdrawn"),
            (_("还没有结果"), doors.open, "open"),
        ):
            if count:
                url = _list("callout_people", course, only=f"door_{state}")
                shown.append(Figure(label, str(count), time, url))
        if doors.half is not None:
            met = _list("callout_people", course, only="door_met")
            shown.append(Figure(_("半数上门用时不超过"), in_words(doors.half), "", met))
        return shown

    # --- the whole ------------------------------------------------------------------------------------------------

    def owed(self) -> Table:
        heads = (_("事项"), _("按时办结"), _("逾期办结"), _("待办"), _("其中已逾期"), _("免除、撤销"))
        table = Table(_("履责事项"), heads, numbers=1)
        for one in self.account.owed or ():
            about = {"whose": "subtree", "kind": one.kind, "about": one.key, "rule": one.code}
            ended = self._duties(one.only, **about, standing="ended", state="fulfilled")
            released = self._duties(one.only, **about, standing="ended")
            still = self._duties(one.only, **about, standing="open")
            late = self._duties(one.only, **about, standing="overdue")
            table.rows.append(
                [
                    Cell(one.name),
                    _count(one.in_time, ended),
                    _count(one.late, ended),
                    _count(one.open, still),
                    _count(one.overdue, late),
                    _count(one.released, released),
                ]
            )
        return table

    def _duties(self, only: int | None, **asked: str) -> str:
        if not can(self.ctx, DUTIES):
            return ""
        if only is not None:
            return reverse("obligation_detail", args=[only])
        return f"{reverse('obligation_list')}?{urlencode(asked)}"

    def measures(self) -> Table:
        """Those that were taken; the others are as many as the count says."""
        table = Table(_("已落实的措施"), (_("措施"), _("落实时间"), _("登记人"), _("落实情况")))
        for one in self.account.measures:
            if one.row.done_at:
                url = self.entry(self.account.measures_taken.get(one.measure.code))
                when = self.moment(one.row.done_at, url)
                who, note = Cell(str(one.row.done_by or "")), Cell(one.row.note)
                table.rows.append([Cell(one.measure.text), when, who, note])
        return table

    def costs(self) -> Table:
        """By channel and callout, with the sum."""
        told = [one for one in self.account.spoken if one.course]
        heads = [_("方式"), *(f"{one.issue.number} {one.issue.get_message_type_display()}" for one in told)]
        table = Table(_("通信费用（元）"), (*heads, _("条数"), _("合计")), numbers=1)
        ways = {one.channel: one.way for course in self.account.all_courses for one in course.attempts}
        for channel, parts, cost in self.account.costs:
            row = [Cell(ways[channel])]
            for one in told:
                if one.course:
                    tried = [tried for tried in one.course.attempts if tried.channel == channel]
                    spent = sum((tried.cost_cny for tried in tried), start=type(cost)(0))
                    url = _list("callout_attempts", one.course, channel=channel, outcome="charged")
                    row.append(Cell(_yuan(spent), url if spent else ""))
            table.rows.append([*row, Cell(str(parts)), Cell(_yuan(cost))])
        if len(table.rows) > 1:
            by_course = [Cell(_yuan(one.course.cost_cny)) for one in told if one.course]
            table.rows.append([Cell(_("合计")), *by_course, Cell(""), Cell(_yuan(self.account.cost_cny))])
        return table


# --- words --------------------------------------------------------------------------------------------------------


def summary_of(account: Account) -> str:
    """The outcome in one sentence."""
    if not account.spoken:
        discarded = account.warning.state == "discarded"
        return _("没有发布，草稿已作废。") if discarded else _("还没有发布。")
    first = account.spoken[0]
    said = []
    if first.in_the_making is not None:
        words = _("收到报文后 %(span)s发布") if first.received else _("起草后 %(span)s发布")
        said.append(words % {"span": in_words(first.in_the_making)})
    called = [one for one in account.spoken if one.course and one.course.callout.purpose == "warning"]
    for one in called[:1] + called[1:][-1:]:
        name = one.issue.get_message_type_display() if len(called) > 1 else ""
        said.append(_outcome(account, one, name))
    if account.owed:
        said.append(_duty(account))
    if account.measures:
        counts = {"done": account.measures_done, "all": len(account.measures)}
        said.append(_("%(all)s 项措施已落实 %(done)s 项") % counts)
    if account.cost_cny:
        said.append(_("通信费用 %(cost)s 元") % {"cost": _yuan(account.cost_cny)})
    sentence = _("；").join(said) + _("。") if said else _("已发布。")
    return sentence[:1].upper() + sentence[1:]


def _outcome(account: Account, told: Told, name: str) -> str:
    course = told.course
    if course is None or not course.people:
        return _("没有可以叫应的人")
    counts: dict[str, Any] = {
        "people": course.people,
        "done": course.done,
        "open": course.open,
        "span": in_words(
            (course.settled_at or course.callout.ended_at or account.at) - course.callout.started_at
        ),
    }
    if course.settled_at:
        words = (
            _("%(people)s 名责任人全部确认或上门告知，用时 %(span)s")
            if course.visited
            else _("%(people)s 名责任人全部确认，用时 %(span)s")
        )
    elif course.callout.is_running:
        words = _("%(people)s 名责任人已确认 %(done)s 名，还有 %(open)s 名，已过 %(span)s")
    else:
        words = _(
            "%(people)s 名责任人中 %(done)s 名确认或上门告知，%(open)s 名到叫应终止时没有确认，历时 %(span)s"
        )
    said = words % counts
    return _("%(name)s：%(said)s") % {"name": name, "said": said} if name else said


def _duty(account: Account) -> str:
    owed = account.owed or ()
    late = sum(one.late + one.overdue for one in owed)
    counts = {"in_time": sum(one.in_time for one in owed), "late": late}
    if late:
        return _("履责事项 %(in_time)s 项按时办结、%(late)s 项逾期") % counts
    return _("履责事项 %(in_time)s 项按时办结，没有逾期") % counts


def _after(words: str, span: timedelta | None) -> str:
    return words % {"span": in_words(span)} if span is not None else ""


def _span(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


def _yuan(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _count(count: int, url: str) -> Cell:
    return Cell(str(count), url if count else "")


def _list(name: str, course: Course, **asked: str) -> str:
    told = {key: value for key, value in asked.items() if value}
    address = reverse(name, args=[course.callout.pk])
    return f"{address}?{urlencode(told)}" if told else address


# --- a workbook ---------------------------------------------------------------------------------------------------


def workbook_of(ctx: Context, account: Account) -> bytes:
    """All tables of the account, a sheet for each kind of them."""
    write = Writer(ctx, account)
    sheets: list[tuple[str, Table]] = []
    for one in account.told:
        name = f"{one.issue.number} {one.issue.get_message_type_display()}"
        sheets.append((name, write.steps(one)))
        if one.course:
            ends = Table(_("人员"), (_("人员"), _("人数")))
            ends.rows = [[Cell(figure.label), Cell(figure.value)] for figure in write.figures(one.course)]
            sheets += [
                (name, ends),
                (name, write.tried(one.course)),
                (name, write.rungs(one.course)),
            ]
    if account.whole:
        sheets += [("", write.owed()), ("", write.measures()), ("", write.costs())]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "account.xlsx"
        book = Sheet(path, [_("预警"), _("编号"), _("结果")], _("概要"))
        book.add([str(account.warning), account.warning.number, summary_of(account)])
        for name, table in sheets:
            if table.rows:
                book.begin(list(table.heads), f"{name} {table.title}".strip())
                for row in table.rows:
                    book.add([_number(cell) for cell in row])
        book.close()
        return path.read_bytes()


def _number(cell: Cell) -> Any:
    if cell.at is not None:
        return cell.at.strftime("%Y-%m-%d %H:%M:%S")
    return int(cell.text) if cell.text.isdecimal() and len(cell.text) < 10 else cell.text
