"""DIR/grids.geojson: the site's grids, and the places that they give their codes."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from config.crosscheck import Entry
from config.located import Problem
from devices.grids import Collection, Grids
from gateway.model import Place

FILE = "grids.geojson"
LARGEST = 20_000_000
"""Bytes; a city's district has some thousand grids of some hundred bytes."""
_WGS84 = ("CRS84", "4326", "4490")
"""Names of WGS 84 and CGCS2000, which is the same within decimetres."""
_FEATURE = re.compile(r'"type"\s*:\s*"Feature"')


class _File(Collection, frozen=True, tag="FeatureCollection", tag_field="type"):
    crs: msgspec.Raw = msgspec.Raw()
    """GeoJSON of 2008 names its datum here."""


def read(root: Path, problems: list[Problem]) -> Grids:
    """The site's grids; none where it has no such file."""
    path = root / FILE
    if not path.exists():
        return Grids()
    if path.stat().st_size > LARGEST:
        problems.append(Problem(FILE, 1, f"it is larger than {LARGEST // 1_000_000} MB"))
        return Grids()
    return parse(path.read_bytes(), problems)


def parse(text: bytes, problems: list[Problem]) -> Grids:
    """The grids of a GeoJSON *text*; adds what is wrong to *problems*."""
    try:
        collection = msgspec.json.decode(text, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problems.append(_unread(text, str(error)))
        return Grids()
    if (crs := bytes(collection.crs).decode()) and not any(name in crs for name in _WGS84):
        problems.append(Problem(FILE, 1, "crs: coordinates have to be WGS 84; transform the file"))
    problems += _twice(text, collection)
    return Grids(collection.features)


def settle(grids: Grids, entries: Sequence[Entry], problems: list[Problem]) -> list[Entry]:
    """*entries* (devices, cameras) with the codes of the grids that they stand in. A code that
    is written stays, and has to be right."""
    settled = []
    for entry in entries:
        place = entry.spec.place
        problems += _doubts(grids, entry)
        settled.append(entry._replace(spec=replace(entry.spec, place=placed(grids, place))))
    return settled


def placed(grids: Grids, place: Place) -> Place:
    """*place* with the codes that it does not say itself."""
    if place.lat is None or place.lon is None:
        return place
    said = {code.scheme for code in place.codes}
    found = grids.codes(place.lat, place.lon)
    return replace(place, codes=(*place.codes, *(c for c in found if c.scheme not in said)))


def _doubts(grids: Grids, entry: Entry) -> Iterator[Problem]:
    place: Place = entry.spec.place
    if place.lat is None or place.lon is None:
        return
    near = list(grids.near(place.lat, place.lon))
    for scheme in grids.schemes:
        ids = [g.grid.properties.id for g in near if g.grid.properties.scheme == scheme]
        within = [f for f in near if f.inside and f.grid.properties.scheme == scheme]
        said = next((code.value for code in place.codes if code.scheme == scheme), None)
        if said is None and len(within) > 1:
            both = " and ".join(found.grid.properties.id for found in within)
            what = f"lat, lon: here the grids {both} overlap; correct {FILE}, or write the code"
            yield entry.document.problem((*entry.keys, "place"), what)
        elif said is not None and within and said not in ids:
            what = (
                f"codes: {said} is written, but lat and lon are in {within[0].grid.properties.id};"
                f" leave the code out, or correct the coordinates (WGS 84, not GCJ-02 or BD-09)"
            )
            yield entry.document.problem((*entry.keys, "place", "codes"), what)


def _twice(text: bytes, collection: Collection) -> Iterator[Problem]:
    first: dict[tuple[str, str], int] = {}
    for number, grid in enumerate(collection.features):
        key = grid.properties.scheme, grid.properties.id
        other = first.setdefault(key, number)
        if other != number:
            what = f"features[{number}]: the grid {key[1]!r} stands twice; join the two to one"
            yield Problem(FILE, _line(text, number), what)


def _unread(text: bytes, error: str) -> Problem:
    """The decoder's words, and the line of the feature that they are about."""
    if at := re.search(r"byte (\d+)", error):
        return Problem(FILE, text[: int(at[1])].count(b"\n") + 1, f"this is no JSON: {error}")
    what, _, path = error.partition(" - at `$")
    number = re.search(r"features\[(\d+)\]", path)
    where = f"{path.strip('.`')}: " if path else ""
    return Problem(FILE, _line(text, int(number[1])) if number else 1, f"{where}{what}")


def _line(text: bytes, number: int) -> int:
    """Where the feature *number* begins."""
    source = text.decode("utf-8", "replace")
    for count, match in enumerate(_FEATURE.finditer(source)):
        if count == number:
            return source[: match.start()].count("\n") + 1
    return 1
