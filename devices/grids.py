"""The grids of a site, and in which of them a point lies.

    {"type": "FeatureCollection", "features": [
      {"type": "Feature",
       "properties": {"id": "110101001001001", "name": "Building 1", "scheme": "cn-unit-grid"},
       "geometry": {"type": "Polygon",
                    "coordinates": [[[116.3970, 39.9082], [116.3980, 39.9082], …], [hole], …]}}]}

GeoJSON (RFC 7946): longitude first, WGS 84. Two kinds of grids may cover the same ground; a point
has one code in each scheme. Nothing here knows a library of geometry: a point is inside where a ray
from it crosses the outline an odd number of times, and an edge that two grids share with the same
corners belongs to exactly one of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import cos, floor, hypot, inf, radians
from typing import Annotated, NamedTuple

import msgspec

from gateway.model import GridCode

BORDER = 10.0
"""Metres. Nearer to its outline, a place may be the neighbour's: what a map and a telephone agree
on. So near outside of every grid, it belongs to the nearest: outlines leave gaps."""
WIDEST = 1.0
"""Degrees. A wider grid is none: its coordinates are metres, or mistaken."""
_DEGREE = 111_195.0
"""Metres of a degree of latitude, on the mean sphere."""
_CELL = 0.02
"""Degrees; the index looks at the grids of one cell."""

Point = Annotated[tuple[float, ...], msgspec.Meta(min_length=2, max_length=4)]
"""Longitude, latitude, and what else there is."""
Ring = Annotated[tuple[Point, ...], msgspec.Meta(min_length=4)]
Rings = Annotated[tuple[Ring, ...], msgspec.Meta(min_length=1)]


class Polygon(msgspec.Struct, frozen=True, tag="Polygon", tag_field="type"):
    """An outline, and the holes in it."""

    coordinates: Rings


class MultiPolygon(msgspec.Struct, frozen=True, tag="MultiPolygon", tag_field="type"):
    """A grid in several pieces."""

    coordinates: Annotated[tuple[Rings, ...], msgspec.Meta(min_length=1)]


class About(msgspec.Struct, frozen=True):
    """What a grid is called; other properties are left alone."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """Its code."""
    name: str = ""
    scheme: str = "cn-unit-grid"
    """Which kind of grid: see `GridCode`."""


class Grid(msgspec.Struct, frozen=True, tag="Feature", tag_field="type"):
    """One feature of the file. Raises ValueError for an outline that is none."""

    properties: About
    geometry: Polygon | MultiPolygon

    def __post_init__(self) -> None:
        for ring in self.rings:
            if ring[0][:2] != ring[-1][:2]:
                raise ValueError("an outline has to end with the point that it begins with")
        west, south, east, north = self.box
        if west < -180 or east > 180 or south < -90 or north > 90:
            raise ValueError("longitude comes first, then latitude, both in degrees")
        if east - west > WIDEST or north - south > WIDEST:
            raise ValueError(f"it is wider than {WIDEST:g} degree; coordinates are degrees")

    @property
    def rings(self) -> Iterator[Ring]:
        shape = self.geometry
        for rings in shape.coordinates if isinstance(shape, MultiPolygon) else (shape.coordinates,):
            yield from rings

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        points = [point for ring in self.rings for point in ring]
        lons, lats = [p[0] for p in points], [p[1] for p in points]
        return min(lons), min(lats), max(lons), max(lats)


class Collection(msgspec.Struct, frozen=True, tag="FeatureCollection", tag_field="type"):
    """All grids, as GeoJSON."""

    features: tuple[Grid, ...]


class Found(NamedTuple):
    """A grid that a point lies in, or next to."""

    grid: Grid
    inside: bool
    metres: float
    """To its outline."""


class Grids:
    """All grids of a site, found by where they are."""

    def __init__(self, grids: Sequence[Grid] = ()) -> None:
        self.all = tuple(grids)
        self.schemes = tuple(dict.fromkeys(grid.properties.scheme for grid in grids))
        self._cells: dict[tuple[int, int], list[Grid]] = {}
        for grid in grids:
            for cell in _cells(grid.box):
                self._cells.setdefault(cell, []).append(grid)

    def near(self, lat: float, lon: float) -> Iterator[Found]:
        """The grids around a point: those that it is in, and those within `BORDER`."""
        for grid in self._cells.get(_cell(lon, lat), ()):
            found = Found(grid, _inside(grid.rings, lon, lat), _distance(grid.rings, lon, lat))
            if found.inside or found.metres < BORDER:
                yield found

    def codes(self, lat: float, lon: float) -> tuple[GridCode, ...]:
        """One code per scheme: of the grid that the point is in, else of the nearest within
        `BORDER`; none far from all grids."""
        best: dict[str, Found] = {}
        for found in self.near(lat, lon):
            known = best.get(found.grid.properties.scheme)
            if known is None or _nearness(found) < _nearness(known):
                best[found.grid.properties.scheme] = found
        return tuple(
            GridCode(scheme, best[scheme].grid.properties.id, best[scheme].metres < BORDER)
            for scheme in self.schemes
            if scheme in best
        )


def _nearness(found: Found) -> tuple[bool, float]:
    return not found.inside, found.metres


def _cell(lon: float, lat: float) -> tuple[int, int]:
    return floor(lon / _CELL), floor(lat / _CELL)


def _cells(box: tuple[float, float, float, float]) -> Iterator[tuple[int, int]]:
    """The cells that a box, and the border around it, has a share in."""
    west, south, east, north = box
    high = BORDER / _DEGREE
    wide = high / max(0.01, cos(radians(max(abs(south), abs(north)))))
    first, last = _cell(west - wide, south - high), _cell(east + wide, north + high)
    for x in range(first[0], last[0] + 1):
        for y in range(first[1], last[1] + 1):
            yield x, y


def _inside(rings: Iterable[Ring], lon: float, lat: float) -> bool:
    """Even-odd, so a hole is outside. Of an edge, the lower end counts and the upper does not:
    a ray through a corner crosses once."""
    odd = False
    for ring in rings:
        for (x1, y1, *_), (x2, y2, *_) in pairwise(ring):
            if (y1 > lat) != (y2 > lat):
                # From the lower end always, so that neighbours compute the same crossing.
                low, high = ((x1, y1), (x2, y2)) if y1 < y2 else ((x2, y2), (x1, y1))
                share = (lat - low[1]) / (high[1] - low[1])
                odd ^= lon < low[0] + share * (high[0] - low[0])
    return odd


def _distance(rings: Iterable[Ring], lon: float, lat: float) -> float:
    """Metres from a point to the nearest outline; so near, the earth is flat."""
    east, least = _DEGREE * cos(radians(lat)), inf
    for ring in rings:
        for start, end in pairwise(ring):
            x1, y1 = (start[0] - lon) * east, (start[1] - lat) * _DEGREE
            dx, dy = (end[0] - start[0]) * east, (end[1] - start[1]) * _DEGREE
            long = dx * dx + dy * dy
            share = min(1.0, max(0.0, -(x1 * dx + y1 * dy) / long)) if long else 0.0
            least = min(least, hypot(x1 + share * dx, y1 + share * dy))
    return least
