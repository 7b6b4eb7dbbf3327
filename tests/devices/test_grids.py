from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.grids import BORDER, About, Grid, Grids, MultiPolygon, Polygon
from gateway.model import GridCode

M = 1 / 111_195
"""Degrees of latitude in a metre; at the equator of longitude, too."""


def outline(*corners: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """A closed ring; corners in metres east and north of 0, 0."""
    return tuple((x * M, y * M) for x, y in (*corners, corners[0]))


def square(id: str, west: float, south: float, side: float = 100, scheme: str = "unit") -> Grid:
    ring = outline((west, south), (west + side, south), (west + side, south + side),
                   (west, south + side))  # fmt: skip
    return Grid(About(id, scheme=scheme), Polygon((ring,)))


def codes(grids: Grids, east: float, north: float) -> list[tuple[str, bool]]:
    return [(code.value, code.border) for code in grids.codes(north * M, east * M)]


def test_a_point_is_in_the_grid_around_it() -> None:
    grids = Grids([square("a", 0, 0), square("b", 100, 0)])
    assert codes(grids, 50, 50) == [("a", False)]
    assert codes(grids, 150, 50) == [("b", False)]


def test_near_an_edge_it_may_be_the_neighbours() -> None:
    grids = Grids([square("a", 0, 0), square("b", 100, 0)])
    assert codes(grids, 100 - BORDER / 2, 50) == [("a", True)]
    assert codes(grids, 100 - BORDER * 1.1, 50) == [("a", False)]


def test_a_gap_between_outlines_belongs_to_the_nearer_one() -> None:
    grids = Grids([square("a", 0, 0), square("b", 106, 0)])
    assert codes(grids, 102, 50) == [("a", True)]
    assert codes(grids, 105, 50) == [("b", True)]


def test_far_from_all_grids_there_is_no_code() -> None:
    assert codes(Grids([square("a", 0, 0)]), 120, 50) == []


def test_a_hole_is_outside_and_what_is_in_the_hole_counts() -> None:
    hole = outline((30, 30), (70, 30), (70, 70), (30, 70))
    ring = outline((0, 0), (100, 0), (100, 100), (0, 100))
    around = Grid(About("around", scheme="unit"), Polygon((ring, hole)))
    assert codes(Grids([around]), 50, 50) == []
    assert codes(Grids([around]), 15, 15) == [("around", False)]
    assert codes(Grids([around, square("in", 30, 30, 40)]), 50, 50) == [("in", False)]


def test_a_grid_in_two_pieces() -> None:
    pieces = (
        (outline((0, 0), (50, 0), (50, 50), (0, 50)),),
        (outline((200, 0), (250, 0), (250, 50), (200, 50)),),
    )
    both = Grids([Grid(About("both"), MultiPolygon(pieces))])
    assert codes(both, 25, 25) == codes(both, 225, 25) == [("both", False)]
    assert codes(both, 125, 25) == []


def test_each_kind_of_grid_gives_its_own_code() -> None:
    grids = Grids([square("u1", 0, 0), square("g", 0, 0, 300, "governance"), square("u2", 100, 0)])
    assert grids.codes(50 * M, 50 * M) == (GridCode("unit", "u1"), GridCode("governance", "g"))


def test_an_outline_may_turn_inwards() -> None:
    arrow = outline((0, 0), (100, 0), (100, 100), (50, 30), (0, 100))
    grids = Grids([Grid(About("arrow"), Polygon((arrow,)))])
    assert codes(grids, 15, 50) == [("arrow", False)]
    assert codes(grids, 50, 80) == []


COLUMNS = st.lists(st.integers(1, 80), min_size=2, max_size=6)


@given(COLUMNS, COLUMNS, st.data())
def test_of_grids_that_share_their_edges_exactly_one_has_a_point(
    wide: list[int], high: list[int], data: st.DataObject
) -> None:
    """Also on the edges, and in the corners where four of them meet."""
    xs, ys = ([sum(sizes[:n]) for n in range(len(sizes) + 1)] for sizes in (wide, high))
    tiles = [
        Grid(About(f"{x1}-{y1}"), Polygon((outline((x1, y1), (x2, y1), (x2, y2), (x1, y2)),)))
        for x1, x2 in pairwise(xs)
        for y1, y2 in pairwise(ys)
    ]
    x = data.draw(st.sampled_from(xs[:-1]) | st.floats(0, xs[-1] - 0.001))
    y = data.draw(st.sampled_from(ys[:-1]) | st.floats(0, ys[-1] - 0.001))
    inside = [found for found in Grids(tiles).near(y * M, x * M) if found.inside]
    assert len(inside) == 1


@pytest.mark.parametrize(
    ("ring", "why"),
    [
        (((0.0, 0.0), (1e-3, 0.0), (1e-3, 1e-3), (0.0, 1e-3)), "has to end with"),
        (((39.9, 116.4), (39.9, 116.5), (39.8, 116.4), (39.9, 116.4)), "longitude comes first"),
        (((0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 0.0)), "wider than 1 degree"),
    ],
)
def test_what_is_no_grid_says_why(ring: tuple[tuple[float, float], ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Grid(About("a"), Polygon((ring,)))
