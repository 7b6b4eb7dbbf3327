"""What payload formatters write, and what it means."""

import pytest

from devices.formatters import tell


@pytest.mark.parametrize(
    ("about", "name", "value", "told"),
    [
        ("", "Hum_SHT", 47.3, [("humidity", 47.3, "%RH")]),
        ("", "vdd", 3466, [("battery_voltage", 3466, "mV")]),
        (
            "",
            "leakage_status",
            "leak",
            [("water_leak", True, "bool"), ("leakage_status", "leak", "")],
        ),
        (
            "",
            "water_leak",
            "no leak",
            [("water_leak", False, "bool"), ("water_leak_state", "no leak", "")],
        ),
        ("", "pir", "idle", [("motion", False, "bool"), ("pir", "idle", "")]),
        ("", "pir", 6, [("pir", 6, "1")]),
        ("", "pir", True, [("pir", True, "")]),
        ("", "EXTI_Trigger", "FALSE", [("EXTI_Trigger", False, "")]),
        ("", "pressure", 1008.6, [("pressure", 1008.6, "")]),
        ("milesight em500-pp", "pressure", 10, [("water_pressure", 10, "kPa")]),
        ("milesight em500-swl", "depth", 2, [("water_level", 2, "cm")]),
        ("", "temperature_chn2", 24.1, [("temperature_2", 24.1, "Cel")]),
        ("", "FENCEVOLTAGEMAX", 10368, [("FENCEVOLTAGEMAX", 10368, "V")]),
        ("", "temperature1", 24.1, [("temperature_1", 24.1, "Cel")]),
        ("", "barometric_pressure_6", 1000, [("pressure_6", 1000, "hPa")]),
        ("", "luminosity_5", 30, [("illuminance_5", 30, "lx")]),
        ("", "co2", 700, [("co2", 700, "")]),
        ("", "flux", 1, [("flux", 1, "")]),
    ],
)
def test_tell(
    about: str, name: str, value: float | str, told: list[tuple[str, float | str, str]]
) -> None:
    assert [tuple(one) for one in tell(name, value, about)] == told
