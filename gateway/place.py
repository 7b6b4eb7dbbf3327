"""Where things are, and what is registered there."""

import msgspec

from gateway.duration import Duration


class GridCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One address in one scheme. Two different grids cover one city, so a place has a list.

    `scheme`: `cn-unit-grid` (15 digits, city management), `cn-governance-grid`, `cn-division` (6
    to 12 digits), `plus-code`, `h3`, or a scheme of the site's own.
    """

    scheme: str
    value: str
    border: bool = False
    """Found by coordinates within a few metres of the grid's edge: perhaps the neighbour's."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where something is. Coordinates are WGS 84 (CGCS2000), degrees."""

    site: str = ""
    codes: tuple[GridCode, ...] = ()
    lat: float | None = None
    lon: float | None = None
    address: str = ""

    @property
    def grid(self) -> str:
        """The code by which people here call the place: the first one."""
        return self.codes[0].value if self.codes else self.site


class Subject(msgspec.Struct, frozen=True):
    """A registered device or camera, as rules and people know it."""

    id: str
    name: str = ""
    place: Place = Place()
    tags: frozenset[str] = frozenset()
    period: Duration | None = None
    """How often it is expected to report."""
