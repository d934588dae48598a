"""An area as a small picture: in proportion, with its size."""

import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from anlan.kernel.outlines import MARGIN, SIDE, outline_of


def area(*bounds: float) -> MultiPolygon:
    return MultiPolygon(Polygon.from_bbox(bounds), srid=4326)


def test_a_degree_is_as_wide_as_it_is_there() -> None:
    outline = outline_of(area(117.0, 59.5, 118.0, 60.5))
    assert outline.high_km == pytest.approx(111.2, rel=0.01)
    assert outline.wide_km == pytest.approx(55.6, rel=0.01)
    assert outline.square_km == pytest.approx(6183, rel=0.01)
    assert (outline.width, outline.height) == (SIDE // 2 + 2 * MARGIN, SIDE + 2 * MARGIN)


def test_holes_and_parts_are_rings_of_one_path() -> None:
    ring, hole = Polygon.from_bbox((0, 0, 4, 4))[0], Polygon.from_bbox((1, 1, 2, 2))[0]
    shape = MultiPolygon(Polygon(ring, hole), Polygon.from_bbox((5, 0, 6, 1)), srid=4326)
    assert outline_of(shape).path.count("Z") == 3


def test_a_seat_is_shown_where_it_lies_within_the_picture() -> None:
    square = area(117.0, 39.0, 117.2, 39.2)
    inside = outline_of(square, Point(117.1, 39.1)).seat
    assert inside is not None
    assert inside[0] == pytest.approx(outline_of(square).width / 2, abs=1)
    assert outline_of(square, Point(10, 10)).seat is None


def test_a_coast_of_many_points_is_drawn_by_few() -> None:
    zigzag = [(117 + n / 10_000, 39 + (n % 2) / 100_000) for n in range(10_000)]
    coast = MultiPolygon(Polygon([*zigzag, (118, 40), (117, 40), zigzag[0]]), srid=4326)
    assert outline_of(coast).path.count("L") < 50
