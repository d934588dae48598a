"""What a message would come to here: which kind of warning, of what colour, for which units, saying what."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib.gis.geos import GEOSException, MultiPolygon, Polygon

from anlan.connect.alert.models import AlertMessage
from anlan.connect.alert.selectors.reading import Finding, get_info
from anlan.kernel.terms import WarningColour
from anlan.protocols import event_types
from anlan.protocols.cap.message import Severity
from anlan.protocols.cn12379 import read_headline
from anlan.watch.warning.selectors import areas, warnings, wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anlan.connect.alert.models import AlertSource
    from anlan.kernel.context import Context
    from anlan.protocols.cap import Alert, Circle, Info
    from anlan.watch.kind.models import WarningKind
    from anlan.watch.warning.selectors.areas import Group, Placed

COLOURS = {
    Severity.EXTREME: WarningColour.RED,
    Severity.SEVERE: WarningColour.ORANGE,
    Severity.MODERATE: WarningColour.YELLOW,
    Severity.MINOR: WarningColour.BLUE,
}
CODE_LENGTHS = (2, 4, 6, 9, 12)  # digits of division codes, from a province's to a village's
CORNERS = 48  # of a circle
KM_PER_DEGREE = 111.32


@dataclass(frozen=True)
class Outlook:
    """What is drafted of a message.

    obstacles  why nothing can be drafted: codes of terms.PROBLEMS
    elsewhere  it holds for other places only
    values     of the draft's fields
    """

    relayed_from: str = ""
    kind: WarningKind | None = None
    colour: str = ""
    placed: tuple[Placed, ...] = ()
    polygon: MultiPolygon | None = None
    elsewhere: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    obstacles: tuple[Finding, ...] = ()
    remarks: tuple[Finding, ...] = ()

    @property
    def groups(self) -> list[Group]:
        return areas.list_groups(self.placed)

    @property
    def area(self) -> str:
        """Its area in words."""
        return wording.get_area_words(self.placed)


def get_outlook(ctx: Context, source: AlertSource, alert: Alert) -> Outlook:
    """What a message comes to for the unit that receives it; the context holds what drafting needs there."""
    info = get_info(alert)
    if info is None:
        return Outlook(obstacles=(Finding("missing", "/alert/info"),))
    obstacles: list[Finding] = []
    remarks: list[Finding] = []
    colour = get_colour(info)
    if not colour:
        obstacles.append(Finding("no_colour", "/alert/info/severity", detail=info.severity))
    kind, trouble = _kind(ctx, source, info, colour)
    if trouble:
        obstacles.append(trouble)
    placed, polygon, elsewhere = _place(source, info, remarks)
    sender = info.sender_name or alert.source or source.name
    values = {
        **_cut("issue", "description", info.description or info.headline, remarks),
        "onset_at": info.onset,
    }
    if info.instruction:
        values |= _cut("issue", "guidance", info.instruction, remarks)
    if info.expires:
        values["expires_at"] = info.expires
    return Outlook(
        **_cut("warning", "relayed_from", sender, remarks),
        kind=kind,
        colour=colour,
        placed=placed,
        polygon=polygon,
        elsewhere=elsewhere,
        values=values,
        obstacles=tuple(obstacles),
        remarks=tuple(remarks),
    )


def get_colour(info: Info) -> str:
    """By its severity, else by its headline; blank where neither says it."""
    if colour := COLOURS.get(info.severity):
        return str(colour)
    headline = read_headline(info.headline)
    return headline.severity.lower() if headline and headline.severity.lower() in WarningColour else ""


def _kind(
    ctx: Context, source: AlertSource, info: Info, colour: str
) -> tuple[WarningKind | None, Finding | None]:
    """The unit's kind for the event, the one called like it first; else what is in the way."""
    codes = [named.value for named in info.event_codes if event_types.is_code(named.value)]
    name = info.event.strip()
    if not codes and (listed := event_types.find_by_name(name)):
        codes = [listed.code]
    kinds = warnings.list_kinds(ctx, source.unit)
    fitting = [kind for kind in kinds if kind.event_type in codes or kind.name == name]
    if not fitting:
        if not codes and not name:
            return None, Finding("no_event_type", "/alert/info/event")
        return None, Finding("no_kind", "/alert/info/event", detail=" ".join((*codes, name)))
    coloured = [kind for kind in fitting if not colour or colour in kind.colours]
    if not coloured:
        return None, Finding("other_colour", "/alert/info/severity", detail=f"{fitting[0].name} {colour}")
    return min(coloured, key=lambda kind: (kind.name != name, kind.event_type not in codes)), None


def _place(
    source: AlertSource, info: Info, remarks: list[Finding]
) -> tuple[tuple[Placed, ...], MultiPolygon | None, bool]:
    """The units it holds for: by its shapes where they reach any, else by its division codes; and whether it is elsewhere."""
    territory = areas.get_territory(source.unit)
    codes = list(dict.fromkeys(_codes(info)))
    shape = _shape(info)
    if shape is not None and (covered := areas.list_units_in(territory, shape)):
        return tuple(covered), shape, False
    found = areas.list_units_of_codes(territory, codes)
    if found.unknown and found.placed:
        remarks.append(Finding("unknown_codes", "/alert/info/area", detail=", ".join(found.unknown)[:160]))
    if found.placed:
        return tuple(found.placed), None, False
    own = (territory.code or "").rstrip("0")
    if own and any(code.startswith(own) for code in found.unknown):
        # A place of ours that is not in our tree: told to all rather than to nobody.
        remarks.append(Finding("unknown_codes", "/alert/info/area", detail=", ".join(found.unknown)[:160]))
        return (areas.Placed(territory, how="code"),), None, False
    if not codes and shape is None:
        remarks.append(Finding("no_area", "/alert/info/area"))
        return (), None, False
    return (), None, True


def _codes(info: Info) -> Iterator[str]:
    for area in info.areas:
        for named in area.geocodes:
            for code in named.value.replace("\uff0c", ",").split(","):
                if code.strip().isdecimal() and len(code.strip()) in CODE_LENGTHS:
                    yield code.strip()


def _shape(info: Info) -> MultiPolygon | None:
    """Polygons and circles together; None where there are none that can be drawn."""
    drawn: list[Polygon] = []
    for area in info.areas:
        rings = [[(point.longitude, point.latitude) for point in ring] for ring in area.polygons]
        rings += [_ring(circle) for circle in area.circles]
        for ring in rings:
            drawn += _polygons(ring)
    if not drawn:
        return None
    union = MultiPolygon(drawn, srid=4326).unary_union
    return union if isinstance(union, MultiPolygon) else MultiPolygon(union, srid=4326)


def _polygons(ring: list[tuple[float, float]]) -> list[Polygon]:
    """A ring as polygons; one that crosses itself is put right, one that encloses nothing is none."""
    try:
        made = Polygon([*ring, ring[0]] if ring[0] != ring[-1] else ring, srid=4326).make_valid()
    except (GEOSException, ValueError, TypeError, IndexError):
        return []
    whole: Any = made
    parts = [made] if isinstance(made, Polygon) else list(whole)
    return [part for part in parts if isinstance(part, Polygon) and not part.empty]


def _ring(circle: Circle) -> list[tuple[float, float]]:
    """A circle as a ring; one of no size as a speck, so that it lies somewhere."""
    centre = circle.centre
    north = max(circle.radius_km, 0.05) / KM_PER_DEGREE
    east = north / max(math.cos(math.radians(centre.latitude)), 0.01)
    turns = [2 * math.pi * corner / CORNERS for corner in range(CORNERS)]
    ring = [
        (centre.longitude + east * math.cos(turn), centre.latitude + north * math.sin(turn)) for turn in turns
    ]
    return [*ring, ring[0]]


def _cut(of: str, name: str, text: str, remarks: list[Finding]) -> dict[str, str]:
    """A text as far as the field of the draft takes it."""
    model: Any = AlertMessage._meta.get_field(of).related_model
    most: int = model._meta.get_field(name).max_length
    if len(text) > most:
        remarks.append(Finding("cut", name, detail=text[most : most + 40]))
    return {name: text[:most]}
