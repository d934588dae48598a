"""Areas in GeoJSON: what is read, what is refused and why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from anlan.protocols import geojson
from anlan.protocols.geojson import BrokenArea, read_area

SQUARE = [[117.0, 39.0], [117.1, 39.0], [117.1, 39.1], [117.0, 39.1], [117.0, 39.0]]
POLYGON = {"type": "Polygon", "coordinates": [SQUARE]}


def read(whole: Any) -> list[geojson.Polygon]:
    return read_area(json.dumps(whole))


@pytest.mark.parametrize(
    "whole",
    [
        POLYGON,
        {"type": "MultiPolygon", "coordinates": [[SQUARE]]},
        {"type": "Feature", "geometry": POLYGON, "properties": {}},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": POLYGON}]},
        {"type": "GeometryCollection", "geometries": [POLYGON]},
        {"type": "Polygon", "coordinates": [[[*at, 12.5] for at in SQUARE]]},  # with heights
        {**POLYGON, "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}},
        {**POLYGON, "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}},
    ],
)
def test_polygons_are_read_from_whatever_holds_them(whole: Any) -> None:
    assert read(whole) == [[[tuple(at) for at in SQUARE]]]


def polygon(*ring: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [list(ring)]}


@pytest.mark.parametrize(
    ("whole", "problem"),
    [
        ([], "not_geojson"),
        ({"type": "Topology"}, "other_shape"),
        ({"type": "Point", "coordinates": [117, 39]}, "other_shape"),
        ({"type": "FeatureCollection", "features": []}, "not_geojson"),
        ({"type": "Feature", "geometry": None}, "no_area"),
        ({"type": "Feature", "geometry": 3}, "not_geojson"),
        ({"type": "Polygon", "coordinates": []}, "not_geojson"),
        ({"type": "Polygon", "coordinates": [[]]}, "not_geojson"),
        ({**POLYGON, "crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::4527"}}}, "reference"),
        (polygon([39.0, 117.0], [39.1, 117.0], [39.1, 117.1], [39.0, 117.0]), "swapped"),
        (polygon([39500000.0, 4300000.0]), "degrees"),
        (polygon(["117", "39"]), "numbers"),
        (polygon([True, 39]), "numbers"),
        (polygon(117), "numbers"),
        (polygon(*SQUARE[:-1]), "ring"),
        (polygon(SQUARE[0], SQUARE[1], SQUARE[0]), "ring"),
        (polygon(*[SQUARE[0]] * (geojson.MOST_VERTICES + 1)), "vertices"),
    ],
)
def test_what_is_no_area_is_refused_with_the_reason(whole: Any, problem: str) -> None:
    with pytest.raises(BrokenArea) as refused:
        read(whole)
    assert refused.value.problem == problem


@pytest.mark.parametrize("text", ["", "{", b"\xff\xfe", "[" * 100_000, '{"type": NaN}'])
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(BrokenArea) as refused:
        read_area(text)
    assert refused.value.problem == "not_json"


def test_collections_within_collections_end_somewhere() -> None:
    whole: dict[str, Any] = POLYGON
    for _ in range(20):
        whole = {"type": "GeometryCollection", "geometries": [whole]}
    with pytest.raises(BrokenArea):
        read(whole)


def test_what_is_written_is_read_again() -> None:
    text = geojson.feature(json.dumps(POLYGON), {"name": "甲一镇"})
    assert json.loads(text)["properties"] == {"name": "甲一镇"}
    assert read_area(text) == read(POLYGON)
