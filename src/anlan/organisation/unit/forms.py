"""Units: forms of the acts that change the tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Polygon
from django.utils.translation import gettext_lazy as _

from anlan.kernel.register import choosing
from anlan.kernel.register.forms import Place, ReasonForm
from anlan.organisation.unit.services import EDIT
from anlan.protocols import geojson

if TYPE_CHECKING:
    from anlan.kernel.context import Context

MOST_PARTS, LONGEST = 20, 120
MOST_BYTES, MEGABYTE = 5 << 20, 1 << 20
BROKEN = {
    "not_json": _("读不懂这个文件。请上传 GeoJSON 文件（.geojson 或 .json）。"),
    "not_geojson": _("这不是 GeoJSON。请在制图软件中另存为 GeoJSON 后上传。"),
    "no_area": _("文件里没有范围。请上传面（Polygon 或 MultiPolygon）。"),
    "other_shape": _(
        "文件里有 %(kind)s。辖区范围只能由面（Polygon 或 MultiPolygon）组成，请删去点和线后上传。"
    ),
    "reference": _("文件的坐标系是 %(name)s。请转换为经纬度（WGS-84 或 CGCS2000）后上传。"),
    "numbers": _("坐标应是数字：每个点写经度、纬度。请重新导出后上传。"),
    "degrees": _("坐标 %(longitude)s, %(latitude)s 不是经纬度。请转换为 WGS-84 或 CGCS2000 经纬度后上传。"),
    "swapped": _("坐标 %(longitude)s, %(latitude)s 的经度和纬度写反了。请改为先经度、后纬度。"),
    "ring": _(
        "经度 %(longitude)s、纬度 %(latitude)s 处的边线没有闭合，或不足三个角。请在制图软件中修正后上传。"
    ),
    "vertices": _("共 %(number)s 个点，超过 %(most)s 个。请在制图软件中简化边线后上传。"),
}
# What the geometry library says of shapes that are none, in our words.
INVALID = {
    "Self-intersection": _("边线自相交"),
    "Ring Self-intersection": _("边线自相交"),
    "Hole lies outside shell": _("洞在外边线之外"),
    "Holes are nested": _("洞里套洞"),
    "Interior is disconnected": _("内部不连通"),
    "Nested shells": _("面与面重叠"),
}
WHERE = re.compile(r"^(.*?)\[(-?[\d.]+) (-?[\d.]+)\]$")


class TargetForm(ReasonForm):
    """Which unit takes it, and why."""

    def __init__(self, ctx: Context, label: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"] = choosing.unit(ctx, EDIT, label=label)
        self.order_fields(("parent", "reason"))


class SplitForm(ReasonForm):
    names = forms.CharField(
        label=_("新单位名称"), widget=forms.Textarea(attrs={"rows": 4}), help_text=_("每行一个。")
    )

    field_order = ("names", "reason")

    def clean_names(self) -> list[str]:
        names = [line.strip() for line in self.cleaned_data["names"].splitlines() if line.strip()]
        if not 0 < len(names) <= MOST_PARTS or any(len(name) > LONGEST for name in names):
            raise forms.ValidationError(
                _("请写 1 至 %(most)s 个名称，每个不超过 %(longest)s 字。"),
                params={"most": MOST_PARTS, "longest": LONGEST},
            )
        if len(set(names)) < len(names):
            raise forms.ValidationError(_("有相同的名称。"))
        return names


class ProfileForm(forms.Form):
    address = forms.CharField(label=_("地址"), max_length=200, required=False)

    def __init__(self, ctx: Context, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answers_to"] = choosing.unit(ctx, EDIT, label=_("业务上级"), required=False)
        self.order_fields(("answers_to", "address"))


class AreaField(forms.FileField):
    """An area from a GeoJSON file: a MultiPolygon in EPSG:4326."""

    def clean(self, data: Any, initial: Any = None) -> MultiPolygon | None:
        file = super().clean(data, initial)
        if not file:
            return None
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                _("文件超过 %(most)s MB。请在制图软件中简化边线后上传。"),
                params={"most": MOST_BYTES // MEGABYTE},
            )
        try:
            polygons = geojson.read_area(file.read())
        except geojson.BrokenArea as broken:
            raise forms.ValidationError(BROKEN[broken.problem], params=broken.where) from broken
        area = MultiPolygon([Polygon(*rings) for rings in polygons], srid=4326)
        if not area.valid:
            raise _invalid(area)
        return area


def _invalid(area: GEOSGeometry) -> forms.ValidationError:
    """What is wrong with a shape, and near which place."""
    found = WHERE.match(area.valid_reason)
    what, *place = found.groups() if found else (area.valid_reason, "", "")
    params = {"what": INVALID.get(what, what), "longitude": place[0], "latitude": place[1]}
    said = _(
        "范围画得不对：%(what)s，在经度 %(longitude)s、纬度 %(latitude)s 附近。请在制图软件中修正后上传。"
    )
    return forms.ValidationError(said, params=params)


class GeometryForm(forms.Form):
    """Where a unit's seat is and how far it reaches. An area that is not sent stays.

    has_area  whether there is an area already
    """

    seat = Place(label=_("驻地"), required=False)
    area = AreaField(
        label=_("辖区范围"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".geojson,.json,application/geo+json"}),
    )
    drop_area = forms.BooleanField(label=_("删去已录入的范围"), required=False)
    is_sketch = forms.BooleanField(label=_("范围是示意的，不是法定边界"), required=False)
    source = forms.CharField(
        label=_("范围的来源"),
        max_length=200,
        required=False,
        help_text=_("谁提供的、哪一年的，如 区民政局勘界资料（2023 年）。"),
    )

    def __init__(self, *args: Any, has_area: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_area = has_area
        most = {"megabytes": MOST_BYTES // MEGABYTE, "vertices": geojson.MOST_VERTICES}
        self.fields["area"].help_text = (
            _(
                "GeoJSON 文件，面，WGS-84 或 CGCS2000 经纬度，不超过 %(megabytes)s MB、%(vertices)s 个点。"
                "从高德、百度地图取得的坐标须先转换。"
            )
            % most
        )
        if not has_area:
            del self.fields["drop_area"]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        drop = given.get("drop_area")
        if drop and given.get("area"):
            self.add_error("drop_area", _("已选了新的范围，会替换原来的。请取消本项，或不选文件。"))
        keeps = (given.get("area") or self.has_area) and not drop
        if keeps and not given.get("source") and "source" not in self.errors:
            self.add_error("source", _("请写明范围的来源。"))
        return given

    def values(self) -> dict[str, Any]:
        """For the act: without an area that stays as it is."""
        given = {name: self.cleaned_data[name] for name in ("seat", "is_sketch", "source")}
        if self.cleaned_data.get("drop_area"):
            return {**given, "area": None, "is_sketch": False, "source": ""}
        if self.cleaned_data["area"]:
            return {**given, "area": self.cleaned_data["area"]}
        return given
