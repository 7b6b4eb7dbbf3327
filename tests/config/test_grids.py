import json
from pathlib import Path

import pytest

from config.grids import FILE, parse
from config.load import Invalid, load
from config.located import Problem
from gateway.cli import main
from gateway.model import GridCode

Feature = dict[str, object]


def feature(id: str, west: float, south: float, side: float = 0.001) -> Feature:
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "properties": {"id": id},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def text(*features: Feature, **more: object) -> bytes:
    return json.dumps(
        {"type": "FeatureCollection", "features": features, **more}, indent=1
    ).encode()


def told(source: bytes) -> list[tuple[int, str]]:
    problems: list[Problem] = []
    parse(source, problems)
    return [(problem.line, problem.what) for problem in problems]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    main(["init", str(tmp_path / "site")])
    return tmp_path / "site"


def device(site: Path, place: str) -> None:
    (site / "devices.yaml").write_text(f"devices:\n  - id: bin-1\n    place: {place}\n")


def test_a_good_file() -> None:
    problems: list[Problem] = []
    grids = parse(text(feature("a", 116.397, 39.908), feature("b", 116.398, 39.908)), problems)
    assert ([grid.properties.id for grid in grids.all], problems) == (["a", "b"], [])


@pytest.mark.parametrize(
    ("source", "line", "what"),
    [
        (b"{", 1, "truncated"),
        (b'{"type": "FeatureCollection",\n\n"features": nope}', 3, "no JSON"),
        (b"\xff", 1, "no JSON"),
        (text({"type": "Feature", "properties": {}, "geometry": None}), 5, "features[0]"),
        (text(feature("a", 1, 1), feature("b", 39.9, 116.4)), 38, "longitude comes first"),
        (text(feature("a", 439000, 4418000)), 5, "longitude comes first"),
        (text(feature("a", 1, 1), feature("a", 2, 2)), 38, "stands twice"),
        (text(crs={"properties": {"name": "EPSG:4549"}}), 1, "WGS 84"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(source: bytes, line: int, what: str) -> None:
    ((found, words),) = told(source)
    assert found == line
    assert what in words


def test_cgcs2000_is_taken_for_what_it_is() -> None:
    assert told(text(crs={"properties": {"name": "urn:ogc:def:crs:EPSG::4490"}})) == []


def test_a_place_gets_the_code_of_its_grid(site: Path) -> None:
    device(site, "{lat: 39.9087, lon: 116.3975}")
    (spec,) = load(site).devices
    assert spec.place.codes == (GridCode("cn-unit-grid", "110101001001001"),)


def test_a_code_that_is_written_stays(site: Path) -> None:
    device(site, "{lat: 39.5, lon: 116.0, codes: [{scheme: cn-unit-grid, value: '1'}]}")
    (spec,) = load(site).devices
    assert spec.place.codes == (GridCode("cn-unit-grid", "1"),)


def test_a_code_that_the_coordinates_contradict_is_told(site: Path) -> None:
    device(site, "{lat: 39.9087, lon: 116.3975, codes: [{scheme: cn-unit-grid, value: '1'}]}")
    with pytest.raises(Invalid, match=r"devices.yaml:3: .*1 is written, but .*110101001001001"):
        load(site)


def test_grids_that_overlap_where_a_device_stands_are_told(site: Path) -> None:
    (site / FILE).write_bytes(text(feature("a", 116.397, 39.908), feature("b", 116.397, 39.908)))
    device(site, "{lat: 39.9087, lon: 116.3975}")
    with pytest.raises(Invalid, match="the grids a and b overlap"):
        load(site)


def test_a_site_without_grids_is_a_site(site: Path) -> None:
    (site / FILE).unlink()
    assert load(site).grids.all == ()
