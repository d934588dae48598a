"""What makes the demo's data files: the way back from the offset of Chinese maps, and the names it finds places by."""

from __future__ import annotations

from math import cos, radians

import pytest
import shapely
from house.demo_data import match_seats, to_gcj02, to_wgs84

BEIJING, SHOWN = (
    (116.404, 39.915),
    (116.41024449916938, 39.91640428150164),
)  # the example every converter gives


def test_the_offset_is_that_of_other_converters() -> None:
    assert to_gcj02(BEIJING) == pytest.approx(SHOWN, abs=1e-12)


@pytest.mark.parametrize(
    "place", [BEIJING, (117.06, 39.364), (116.85, 39.65), (75.99, 39.47), (126.64, 45.75)]
)
def test_the_way_back_is_exact(place: tuple[float, float]) -> None:
    assert to_wgs84(to_gcj02(place)) == pytest.approx(place, abs=1e-9)


def test_in_the_demo_s_county_the_offset_is_half_a_kilometre_east() -> None:
    place = to_wgs84((116.8, 39.6))
    east_m, north_m = (116.8 - place[0]) * 111320 * cos(radians(39.6)), (39.6 - place[1]) * 111000
    assert (east_m, north_m) == (pytest.approx(518, abs=5), pytest.approx(125, abs=5))


def test_a_seat_is_a_place_of_the_township_s_name_within_its_county() -> None:
    here, elsewhere = {"longitude": 117.1, "latitude": 39.5}, {"longitude": 118.1, "latitude": 39.5}
    made = {"countrycode": "CN", "alternatenames": [], "population": 0}
    places = {
        "1": {**made, **elsewhere, "name": "Daliang", "geonameid": 1},
        "2": {**made, **here, "name": "Daliang", "geonameid": 2},
        "3": {**made, **here, "name": "Dahuangpu", "geonameid": 3, "population": 9},
        "4": {**made, **here, "name": "Other", "alternatenames": ["大黄堡"], "geonameid": 4},
    }
    names = [
        ("120114104000", "大良镇"),
        ("120114122000", "大黄堡镇"),
        ("120114104200", "大良村委会"),
        ("120114401000", "大良园"),
    ]
    found = match_seats(names, places, {"120114": shapely.box(117, 39, 118, 40)})
    assert [(code, number) for code, _x, _y, number in found] == [("120114104000", 2), ("120114122000", 4)]
