import math

import pytest

from devices import units
from devices.quantity import TABLE, Quantity, canonical, find, of_words


def test_a_name_of_two_words_can_be_numbered() -> None:
    found = find("external_temperature_2")
    assert found is not None
    assert found.name == "external_temperature"


@pytest.mark.parametrize("quantity", TABLE, ids=lambda quantity: quantity.name)
def test_an_entry_is_sound(quantity: Quantity) -> None:
    assert quantity.low <= quantity.high
    if quantity.kind == "state" or quantity.name in ("state", "status"):
        assert quantity.unit == ""
    else:
        known = units.parse(quantity.unit)
        assert known is not None, quantity.unit
        assert known.ucum == quantity.unit, "in the table, units are written as they go out"
    for alias in quantity.aliases.split():
        assert find(alias) is quantity
    for also in quantity.also.split():
        assert units.parse(also) is not None or "[LEL]" in also
    assert not any(math.isnan(value) for value in quantity.sentinels)


def test_no_name_means_two_things() -> None:
    names = [n for q in TABLE for n in (q.name.replace("_", ""), *q.aliases.split())]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("temperature", "temperature"),
        ("Temperature", "temperature"),
        ("TEMPERATURE", "temperature"),
        ("batteryLevel", "battery"),
        ("battery-voltage", "battery_voltage"),
        ("pm2.5", "pm2_5"),
        ("temperature_2", "temperature_2"),
        ("Temp_2", "temperature_2"),
        ("external_temperature_2", "external_temperature_2"),
        ("Wind_Speed_1", "wind_speed_1"),
        ("PM1_0", "pm1"),
        ("pm10_0", "pm10"),
        ("pm_2_5um", "pm2_5"),
        ("temperature#DS18B20-1", "temperature#DS18B20-1"),
        ("fluxCapacity", "fluxCapacity"),
        ("temperature_sensor_fault", "temperature_sensor_fault"),
    ],
)
def test_canonical(said: str, name: str) -> None:
    assert canonical(said) == name


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("living_room_temperature", ("temperature", "living_room")),
        ("Air_temperature", ("temperature", "")),
        ("Approx. Altitude", ("altitude", "approx.")),
        ("battery_voltage", ("battery_voltage", "")),
        ("max_temperature", ("", "")),
        ("Wohnzimmer", ("", "")),
        ("", ("", "")),
    ],
)
def test_words(said: str, found: tuple[str, str]) -> None:
    assert of_words(said) == found
