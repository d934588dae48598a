"""Warnings: forms of the acts, and the area as it is being chosen."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from django import forms
from django.contrib.gis.gdal import GDALException
from django.contrib.gis.geos import GEOSException, GEOSGeometry, MultiPolygon, Polygon
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.kernel.periods import is_reckonable
from anlan.kernel.terms import WarningColour
from anlan.watch.warning.selectors import areas, warnings
from anlan.watch.warning.selectors.areas import Placed
from anlan.watch.warning.terms import Accuracy, AreaHow, MessageType, Timeliness

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit
    from anlan.watch.kind.models import WarningKind
    from anlan.watch.warning.models import WarningIssue

OTHER = "other"  # the issuing body is none of the tree's
MOST_PLACED, MOST_POINTS, LONGEST_OUTLINE = 2000, 5000, 200_000
EASTERN = 60  # in China every longitude lies above it and every latitude below: pairs tell their own order
PAIR = re.compile("(-?\\d{1,3}(?:\\.\\d+)?)\\s*[,\uff0c]\\s*(-?\\d{1,3}(?:\\.\\d+)?)")
CODE = re.compile(r"\d{6,12}")


class Moment(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class Later:
    """A field that a message cannot be handed on without; its draft is saved all the same."""

    def validate(self, _value: Any) -> None:
        """What is missing is told where the message is handed on."""


class LaterText(Later, forms.CharField):
    pass


class LaterMoment(Later, forms.DateTimeField):
    widget = Moment


class Outline(forms.CharField):
    """An area as GeoJSON, or as a line of pairs in either order, as CAP and the 12379 system write them."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return value.geojson if isinstance(value, GEOSGeometry) else value

    def to_python(self, value: Any) -> MultiPolygon | None:  # type: ignore[override]  # it reads a text, and is no text
        if value is None or isinstance(value, MultiPolygon):
            return value
        text = str(value).strip()
        if not text:
            return None
        shape = _from_geojson(text) if text.startswith("{") else _from_pairs(text)
        if shape is None or shape.empty or shape.num_coords > MOST_POINTS:
            raise forms.ValidationError(
                gettext_lazy(
                    "读不出这个范围。请粘贴 GeoJSON 的多边形，或首尾相同的坐标串，如 117.0,39.3 117.1,39.3 117.1,39.4 117.0,39.3。"
                )
            )
        return shape


def _from_geojson(text: str) -> MultiPolygon | None:
    try:
        read = json.loads(text)
        while isinstance(read, dict) and read.get("type") in {"Feature", "FeatureCollection"}:
            read = read.get("geometry") or (read.get("features") or [None])[0]
        shape = GEOSGeometry(json.dumps(read), srid=4326)
    except (ValueError, GEOSException, GDALException, RecursionError):
        return None
    return _as_area(shape)


def _from_pairs(text: str) -> MultiPolygon | None:
    pairs = [(float(a), float(b)) for a, b in PAIR.findall(text)]
    points = [(b, a) if abs(a) <= EASTERN < abs(b) else (a, b) for a, b in pairs]
    if len(points) < 3 or PAIR.sub("", text).strip():
        return None
    ring = points if points[0] == points[-1] else [*points, points[0]]
    try:
        return _as_area(Polygon(ring, srid=4326))
    except (GEOSException, ValueError):
        return None


def _as_area(shape: Any) -> MultiPolygon | None:
    mended = shape.make_valid()
    west, south, east, north = mended.extent if not mended.empty else (0, 0, 0, 0)
    if abs(west) > 180 or abs(east) > 180 or abs(south) > 90 or abs(north) > 90:
        return None
    parts = list(mended) if mended.geom_type in {"MultiPolygon", "GeometryCollection"} else [mended]
    return MultiPolygon([one for one in parts if one.geom_type == "Polygon"], srid=4326)


# --- beginning ----------------------------------------------------------------------------------------------------


class StartForm(forms.Form):
    """In whose name a warning of a kind is issued."""

    issuer = forms.ChoiceField(label=gettext_lazy("发布单位"))
    relayed_from = forms.CharField(
        label=gettext_lazy("原发布单位"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("转发其他单位的预警时填写全称，如“天津市气象台”。"),
    )

    def __init__(self, kind: WarningKind, unit: Unit, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.unit = unit
        own = [unit] if warnings.find_authority(kind, unit) else []
        bodies = warnings.list_issuers(kind, areas.get_territory(unit)) if kind.line else []
        self.bodies = {str(one.pk): one for one in [*own, *bodies]}
        issuer: Any = self.fields["issuer"]
        issuer.choices = [
            *((key, one.name) for key, one in self.bodies.items()),
            (OTHER, _("转发其他单位的预警")),
        ]
        self.initial.setdefault("issuer", next(iter(self.bodies), OTHER))

    def clean(self) -> None:
        if self.cleaned_data.get("issuer") == OTHER and not self.cleaned_data.get("relayed_from"):
            self.add_error("relayed_from", _("转发的预警须写明原发布单位。"))

    def values(self) -> dict[str, Any]:
        """For the act."""
        issuer = self.cleaned_data["issuer"]
        if issuer == OTHER:
            return {"issuer": self.unit, "relayed_from": self.cleaned_data["relayed_from"]}
        return {"issuer": self.bodies[issuer], "relayed_from": ""}


class ColourForm(forms.Form):
    """Which colour an update has."""

    colour = forms.ChoiceField(label=gettext_lazy("变更为"), widget=forms.RadioSelect)

    def __init__(self, kind: WarningKind, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        colour: Any = self.fields["colour"]
        colour.choices = [(one.value, one.label) for one in WarningColour if one.value in kind.colours]


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("原因"), max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )


# --- the draft ----------------------------------------------------------------------------------------------------


class IssueForm(forms.Form):
    """What a message says; which parts are asked for depends on its type."""

    colour = forms.ChoiceField(label=gettext_lazy("预警级别"), widget=forms.RadioSelect)
    description = LaterText(
        label=gettext_lazy("预警内容"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("什么时候、什么地方、将出现什么。"),
    )
    guidance = LaterText(
        label=gettext_lazy("公众防护指引"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("短信和电话只用前两句。"),
    )
    reason = LaterText(
        label=gettext_lazy("变更原因"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    onset_at = forms.DateTimeField(label=gettext_lazy("预计开始时间"), required=False, widget=Moment)
    expires_at = LaterMoment(label=gettext_lazy("失效时间"))
    measures = forms.MultipleChoiceField(
        label=gettext_lazy("应采取的措施"), required=False, widget=forms.CheckboxSelectMultiple
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    use_required_attribute = False

    def __init__(self, issue: WarningIssue, *args: Any, **options: Any) -> None:
        names = [name for name in self.base_fields if name != "version"]
        options["initial"] = {name: getattr(issue, name) for name in (*names, "version")}
        super().__init__(*args, **options)
        colour: Any = self.fields["colour"]
        colour.choices = [
            (one.value, one.label) for one in WarningColour if one.value in issue.warning.kind.colours
        ]
        measures: Any = self.fields["measures"]
        measures.choices = [(one.code, one.text) for one in warnings.list_all_measures()]
        if issue.message_type == MessageType.ALERT:
            del self.fields["reason"]
        elif issue.is_end:
            self.fields["reason"].label = _("解除原因")
            for name in ("colour", "description", "guidance", "onset_at", "expires_at", "measures"):
                del self.fields[name]

    def clean_onset_at(self) -> datetime | None:
        return self._reckonable("onset_at")

    def clean_expires_at(self) -> datetime | None:
        return self._reckonable("expires_at")

    def _reckonable(self, name: str) -> datetime | None:
        at: datetime | None = self.cleaned_data[name]
        if at and not is_reckonable(at.date()):
            raise forms.ValidationError(_("时间不对。请核对年份。"))
        return at

    def values(self) -> dict[str, Any]:
        """For the act."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class Asked(NamedTuple):
    """What the area's part of a form says besides what is chosen.

    said  a sentence about what was just done
    """

    words: str
    at: Unit
    outline: str
    codes: str
    said: str = ""
    error: str = ""


class AreaPart:
    """The area in the form of a draft, from a hidden field `area` (many "id:below:share:how") and the button that was pressed.

    Nothing is kept between two steps but what the page itself carries, so an area half chosen binds nobody.
    """

    def __init__(
        self, ctx: Context, issue: WarningIssue, territory: Unit, data: Mapping[str, Any] | None
    ) -> None:
        self.ctx, self.territory = ctx, territory
        self.data: Any = data
        self.polygon: MultiPolygon | None = issue.polygon
        self.placed: list[Placed] = []
        if data is None:
            self.placed = areas.list_placed(warnings.list_areas(issue))
            self.asked = Asked("", territory, Outline().prepare_value(issue.polygon) or "", "")
            return
        self._read(issue)
        self._do()

    @property
    def was_pressed(self) -> bool:
        """Whether one of the part's own buttons was pressed: then nothing is saved yet."""
        return self.data is not None and any(name.startswith("area_do_") for name in self.data)

    def keys(self) -> str:
        """What the hidden field holds: one, since a form may have a thousand fields and an area more units."""
        return " ".join(
            f"{one.unit.pk}:{int(one.below)}:{'' if one.share is None else round(one.share, 4)}:{one.how}"
            for one in self.placed
        )

    def _read(self, issue: WarningIssue) -> None:
        data = self.data
        given: dict[int, tuple[bool, float | None, str]] = {}
        for text in " ".join(data.getlist("area")).split()[:MOST_PLACED]:
            number, below, share, how = [*str(text).split(":"), "", "", ""][:4]
            if number.isdecimal() and len(number) < 19:
                given[int(number)] = (
                    below == "1",
                    _share(share),
                    how if how in AreaHow.values else AreaHow.CHOSEN,
                )
        there = areas.list_places(self.ctx, self.territory, issue.unit, given.keys())
        self.placed = [Placed(there[number], *rest) for number, rest in given.items() if number in there]
        at = self._number("area_do_open") or self._number("area_at")
        found = areas.list_places(self.ctx, self.territory, issue.unit, [at] if at else [])
        self.asked = Asked(
            str(data.get("area_words", "")).strip()[:100],
            found.get(at or 0, self.territory),
            str(data.get("area_outline", ""))[:LONGEST_OUTLINE],
            str(data.get("area_codes", ""))[:4000],
        )
        try:
            self.polygon = Outline(required=False).clean(self.asked.outline)
        except forms.ValidationError as wrong:
            self.polygon = None
            self.asked = self.asked._replace(error=str(wrong.messages[0]))

    def _do(self) -> None:
        """What the pressed button says."""
        steps = {
            "area_do_add": self._add,
            "area_do_drop": self._drop,
            "area_do_flip": self._flip,
            "area_do_clear": self._clear,
            "area_do_near": self._near,
            "area_do_draw": self._draw,
            "area_do_code": self._code,
        }
        for name, step in steps.items():
            if name in self.data:
                step(self._number(name))
                break

    def _add(self, number: int | None) -> None:
        unit = areas.get_place(self.territory, number or 0)
        self._take([Placed(unit)])

    def _drop(self, number: int | None) -> None:
        self.placed = [one for one in self.placed if one.unit.pk != number]

    def _flip(self, number: int | None) -> None:
        self.placed = [
            Placed(one.unit, not one.below, one.share, one.how) if one.unit.pk == number else one
            for one in self.placed
        ]

    def _clear(self, _number: int | None) -> None:
        self.placed = []

    def _near(self, _number: int | None) -> None:
        near = areas.list_neighbours(self.territory, self.placed)
        self._take(near)
        said = (
            _("已加上 %(count)s 个相邻单位。") if near else _("没有查到相邻单位：所选单位可能没有辖区边界。")
        )
        self._say(said % {"count": len(near)})

    def _draw(self, _number: int | None) -> None:
        if self.polygon is None:
            self.asked = self.asked._replace(error=self.asked.error or _("请先粘贴范围。"))
            return
        found = areas.list_units_in(self.territory, self.polygon)
        self._take(found)
        said = (
            _("范围内有 %(count)s 个单位，部分覆盖的已标出比例。")
            if found
            else _("这个范围不在本地，没有选中任何单位。")
        )
        self._say(said % {"count": len(found)})

    def _code(self, _number: int | None) -> None:
        codes = CODE.findall(self.asked.codes)
        found = areas.list_units_of_codes(self.territory, codes)
        self._take(found.placed)
        error = ""
        if found.unknown:
            error = _("这些代码不在本地：%(codes)s。") % {"codes": _("、").join(found.unknown)}
        said = _("按代码选中 %(count)s 个单位。") % {"count": len(found.placed)} if found.placed else ""
        self._say(said)
        if error:
            self.asked = self.asked._replace(error=error)

    def _say(self, said: str) -> None:
        """What was done, unless it was refused."""
        if not self.asked.error:
            self.asked = self.asked._replace(said=said)

    def _take(self, more: Sequence[Placed]) -> None:
        """Add units; what lies below one that is there with all below needs no place of its own."""
        merged = {one.unit.pk: one for one in (*self.placed, *more)}
        if len(merged) > MOST_PLACED:
            error = _("选中的单位超过 %(most)s 个，没有加上。请改选上一级单位。") % {"most": MOST_PLACED}
            self.asked = self.asked._replace(error=error)
            return
        whole = [one.unit.path for one in merged.values() if one.below]
        self.placed = sorted(
            (
                one
                for one in merged.values()
                if not any(one.unit.path != path and one.unit.path.startswith(path) for path in whole)
            ),
            key=lambda one: one.unit.path,
        )

    def _number(self, name: str) -> int | None:
        text = str(self.data.get(name, ""))
        return int(text) if text.isdecimal() and len(text) < 19 else None


def _share(text: str) -> float | None:
    try:
        share = float(text)
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None


# --- what follows -------------------------------------------------------------------------------------------------


class MeasureForm(forms.Form):
    note = forms.CharField(label=gettext_lazy("落实情况"), max_length=300, required=False)


class ReviewForm(forms.Form):
    accuracy = forms.ChoiceField(label=gettext_lazy("是否准确"), choices=Accuracy, widget=forms.RadioSelect)
    timeliness = forms.ChoiceField(
        label=gettext_lazy("是否及时"), choices=Timeliness, widget=forms.RadioSelect
    )
    missed = forms.CharField(
        label=gettext_lazy("遗漏"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("哪些单位、人员没有通知到，哪些情况没有写到。"),
    )
    lesson = forms.CharField(
        label=gettext_lazy("改进"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
