import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import units


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (67.3, "F", "°C", 19.6111111111),
        (-40, "degF", "Cel", -40),
        (0, "K", "Cel", -273.15),
        (1013.2, "mmHg", "hPa", 1350.82242929),
        (102182.7, "Pa", "hPa", 1021.827),
        (29.92, "inHg", "hPa", 1013.20748109),
        (13372.4, "Wh", "kWh", 13.3724),
        (6000, "W.min", "kWh", 0.1),
        (3.483, "km/h", "m/s", 0.9675),
        (0.09, "in", "mm", 2.286),
        (196.0, "cm", "mm", 1960),
        (2995, "mV", "V", 2.995),
        (1, "m³", "L", 1000),
        (0.36, "mg/m3", "µg/m³", 360),
    ],
)
def test_converts(value: float, source: str, target: str, result: float) -> None:
    of, to = units.parse(source), units.parse(target)
    assert of is not None
    assert to is not None
    assert of.dimension == to.dimension
    assert units.convert(value, of, to) == result


def test_mega_is_not_milli() -> None:
    for large, small in (("MW", "mW"), ("MWh", "mWh"), ("MPa", "mPa")):
        found = units.parse(large)
        assert found is not None
        assert found.factor >= 1000
        other = units.parse(small)
        assert other is None or other.factor < 1


ALL = sorted(units._UNITS)


@given(st.sampled_from(ALL), st.sampled_from(ALL), st.floats(-1e6, 1e6))
def test_there_and_back(one: str, other: str, value: float) -> None:
    a, b = units.parse(one), units.parse(other)
    assert a is not None
    assert b is not None
    if a.dimension == b.dimension:
        assert units.convert(units.convert(value, a, b), b, a) == pytest.approx(value, abs=1e-3)


@pytest.mark.parametrize("text", ["furlong", "", " ", "Celsiusss", "%%"])
def test_unknown(text: str) -> None:
    assert units.parse(text) is None
