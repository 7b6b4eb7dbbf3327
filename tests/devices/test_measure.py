import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.measure import Measure, Refused, measure, number


@pytest.mark.parametrize(
    ("name", "raw", "unit", "result"),
    [
        ("temperature", 67.3, "F", ("temperature", 19.6111111111, "Cel", True)),
        ("temperature", "21.5 °C", "", ("temperature", 21.5, "Cel", True)),
        ("humidity", "45%", "", ("humidity", 45.0, "%", True)),
        ("humidity", 104.7, "", ("humidity", 104.7, "%", False)),
        ("pressure", 102182.7, "Pa", ("pressure", 1021.827, "hPa", True)),
        ("co2", 1, "ppm", ("co2", 1.0, "[ppm]", False)),
        ("rssi", -0.11, "dB", ("rssi", -0.11, "dB", True)),
        ("noise", 60, "%", ("noise", 60.0, "%", True)),
        ("water_leak", True, "", ("water_leak", 1.0, "1", True)),
        ("water_leak", "normal", "", ("water_leak", 0.0, "1", True)),
        ("contact_open", "OPEN", "", ("contact_open", 1.0, "1", True)),
        ("motion", "vibrating", "", ("motion", "vibrating", "", True)),
        ("switch", "OFF", "", ("switch", "OFF", "", True)),
        ("switch", False, "", ("switch", 0.0, "1", True)),
        ("position", "tilt", "", ("position", "tilt", "", True)),
        ("position", "10", "", ("position", 10.0, "%", True)),
        ("event", "a\nb\x00c", "", ("event", "a b c", "", True)),
        ("flux", 3, "furlong", ("flux", 3.0, "furlong", True)),
        ("flux", "12.5 mV", "", ("flux", 12.5, "mV", True)),
        ("flux", "words", "", ("flux", "words", "", True)),
    ],
)
def test_measures(name: str, raw: float | str, unit: str, result: tuple[object, ...]) -> None:
    assert measure(name, raw, unit) == result


@pytest.mark.parametrize(
    ("name", "raw", "unit", "why"),
    [
        ("temperature", -127, "", "sentinel"),
        ("temperature", 327.67, "", "sentinel"),
        ("humidity", 163.835, "", "sentinel"),
        ("co2", 65535, "", "sentinel"),
        ("energy", -2147483648, "kWh", "sentinel"),
        ("flux", -2147483648, "", "sentinel"),
        ("temperature", True, "", "not_a_number"),
        ("temperature", float("nan"), "", "not_a_number"),
        ("flux", float("inf"), "", "not_a_number"),
        ("temperature", "0x1F", "", "not_a_number"),
        ("temperature", "40,78", "", "not_a_number"),
        ("co2", "1,234", "", "not_a_number"),
        ("temperature", "21 apples", "", "not_a_number"),
        ("temperature", "", "", "not_a_number"),
        ("temperature", 21, "hPa", "wrong_unit"),
        ("temperature", 21, "furlong", "wrong_unit"),
    ],
)
def test_refuses(name: str, raw: float | str, unit: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        measure(name, raw, unit)
    assert refused.value.why == why


def test_decimal_comma() -> None:
    assert measure("temperature", "40,78", decimal_comma=True).value == 40.78
    with pytest.raises(Refused):
        measure("co2", "1,234,567", decimal_comma=True)


def test_long_text_is_cut() -> None:
    found = measure("event", "x" * 1000)
    assert isinstance(found.value, str)
    assert len(found.value) == 256


@given(st.floats(-1e300, 1e300))
def test_numbers_survive_print(value: float) -> None:
    assert number(repr(value))[0] == value


@given(
    st.sampled_from(["temperature", "humidity", "water_leak", "position", "event", "flux", "lat"]),
    st.text(max_size=30) | st.floats() | st.booleans() | st.integers(-(10**30), 10**30),
    st.text(max_size=6),
)
def test_anything_is_measured_or_refused(name: str, raw: float | str, unit: str) -> None:
    try:
        found = measure(name, raw, unit)
    except Refused:
        return
    assert isinstance(found, Measure)
    assert isinstance(found.value, str) or math.isfinite(found.value)
    assert type(found.value) in (str, float)
