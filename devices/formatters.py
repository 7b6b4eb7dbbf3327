"""What the payload formatters of LoRaWAN devices call things, and in which unit.

    Hum_SHT 47.3               -> humidity 47.3 %RH
    leakage_status "leak"      -> water_leak true, and the word under its own name
    EM500-PP: pressure 10      -> water_pressure 10 kPa

A formatter states no units; its maker's documents do. Only names that mean one thing with every
maker stand in the first table; what depends on the model stands in the last. Everything else
keeps its name and goes by `devices.quantity`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from devices.leaves import TRUTH
from devices.quantity import canonical


class Told(NamedTuple):
    quantity: str
    value: float | str
    unit: str = ""


_NAMES: dict[str, tuple[str, str]] = {
    # Milesight
    "distance": ("distance", "mm"),
    "LAeq": ("sound_level_laeq", "dB"),
    "LAF": ("sound_level_laf", "dB"),
    "LAFmax": ("sound_level_lafmax", "dB"),
    "LAI": ("sound_level_lai", "dB"),
    "LAImax": ("sound_level_laimax", "dB"),
    "LAS": ("sound_level_las", "dB"),
    "LASmax": ("sound_level_lasmax", "dB"),
    "angle_x": ("tilt_x", "deg"),
    "angle_y": ("tilt_y", "deg"),
    "angle_z": ("tilt_z", "deg"),
    "remaining": ("distance_ratio", "%"),
    "water": ("water_volume", ""),
    "light_level": ("light_level", "1"),
    "illumination": ("illuminance", "lx"),
    "active_power": ("power", "W"),
    "people_count_all": ("people_count", "1"),
    # Dragino
    "TempC_SHT": ("temperature", "Cel"),
    "Hum_SHT": ("humidity", "%RH"),
    "TempC_DS": ("external_temperature", "Cel"),
    "TempC_DS18B20": ("external_temperature", "Cel"),
    "temp_DS18B20": ("external_temperature", "Cel"),
    "TempC1": ("temperature_1", "Cel"),
    "TempC2": ("temperature_2", "Cel"),
    "TempC3": ("temperature_3", "Cel"),
    "Temp_Black": ("temperature_black", "Cel"),
    "Temp_Red": ("temperature_red", "Cel"),
    "Temp_White": ("temperature_white", "Cel"),
    "temp_SOIL": ("soil_temperature", "Cel"),
    "TEMP_SOIL": ("soil_temperature", "Cel"),
    "water_SOIL": ("soil_moisture", "%"),
    "conduct_SOIL": ("soil_conductivity", "uS/cm"),
    "PH1_SOIL": ("ph", "pH"),
    "ADC_CH0V": ("analog_voltage", "V"),
    "ADC_V": ("analog_voltage", "V"),
    "BatV": ("battery_voltage", "V"),
    "BAT_V": ("battery_voltage", "V"),
    "Bat_V": ("battery_voltage", "V"),
    "ILL_lx": ("illuminance", "lx"),
    "Illum": ("illuminance", "lx"),
    "Distance_cm": ("distance", "cm"),
    "TVOC_ppb": ("tvoc", "ppb"),
    "CO2_ppm": ("co2", "ppm"),
    "DOOR_OPEN_STATUS": ("contact_open", "bool"),
    "WATER_LEAK_STATUS": ("water_leak", "bool"),
    # Elsys
    "vdd": ("battery_voltage", "mV"),
    "externalTemperature": ("external_temperature", "Cel"),
    "externalTemperature2": ("external_temperature_2", "Cel"),
    "digital": ("digital_input", "1"),
    "digital2": ("digital_input_2", "1"),
    # Decentlab
    "air_temperature": ("temperature", "Cel"),
    "air_humidity": ("humidity", "%RH"),
    "relative_humidity": ("humidity", "%RH"),
    "barometric_pressure": ("pressure", "Pa"),
    "co2_concentration": ("co2", "ppm"),
    "total_voc": ("tvoc", "ppb"),
    "pm1_0_mass_concentration": ("pm1", "ug/m3"),
    "pm2_5_mass_concentration": ("pm2_5", "ug/m3"),
    "pm4_mass_concentration": ("pm4", "ug/m3"),
    "pm10_mass_concentration": ("pm10", "ug/m3"),
    "cumulative_precipitation": ("rain_total", "mm"),
    "maximum_wind_speed": ("wind_gust", "m/s"),
    # Seeed SenseCAP
    "Air Humidity": ("humidity", "%RH"),
    "Barometric Pressure": ("pressure", "Pa"),
    "Light Intensity": ("illuminance", "lx"),
    "Rain Gauge": ("rain_rate", "mm/h"),
    "Wind Direction Sensor": ("wind_direction", "deg"),
    "Soil Electrical Conductivity": ("soil_conductivity", "mS/cm"),
    # Netvox
    "Volt": ("battery_voltage", "V"),
    "Humi": ("humidity", "%RH"),
    # others
    "batteryVolt": ("battery_voltage", "V"),
    "closeProximityAlarm": ("proximity_alarm", "bool"),
    "snowHeight": ("snow_height", "mm"),
}

_COUNTS = {"pir": "pir", "waterleak": "water_leak_level"}
"""A number under the name of a state is no state: Elsys counts motions, and grades a leak."""

_STATES: dict[str, tuple[str, frozenset[str]]] = {
    "leakage_status": ("water_leak", frozenset({"leak"})),
    "water_leak": ("water_leak", frozenset({"leak"})),
    "pir": ("motion", frozenset({"trigger", "triggered"})),
    "magnet_status": ("contact_open", frozenset({"open", "opened"})),
    "door_status": ("contact_open", frozenset({"open", "opened"})),
    "contact_status": ("contact_open", frozenset({"open", "opened"})),
    "tamper_status": ("tamper", frozenset({"uninstalled"})),
    "occupancy": ("occupied", frozenset({"occupied"})),
    "gas": ("gas", frozenset({"alarm"})),
    "gas_status": ("gas", frozenset({"alarm"})),
    "smoke_status": ("smoke", frozenset({"smoke alarm", "alarm", "smoke"})),
    "fire_alarm": ("smoke", frozenset({"alarm"})),
}
"""Name -> what it is, and the words that mean yes."""

_MODELS: tuple[tuple[str, dict[str, tuple[str, str]]], ...] = (
    ("em500pp", {"pressure": ("water_pressure", "kPa")}),
    ("em500swl", {"depth": ("water_level", "cm")}),
    ("em500smtc", {"ec": ("soil_conductivity", "uS/cm"), "moisture": ("soil_moisture", "%"),
                   "electricity": ("soil_conductivity", "uS/cm"),
                   "soil_moisture1": ("soil_moisture", "%"),
                   "conductivity1": ("soil_conductivity", "mS/cm"),
                   "temperature1": ("soil_temperature", "Cel")}),
    ("ws5", {"current": ("current", "mA"), "power_consumption": ("energy", "Wh"),
             "power_factor": ("power_factor", "%")}),
    ("ct1", {"total_current": ("charge", "Ah")}),
    ("am3", {"tvoc": ("tvoc", "1"), "hcho": ("formaldehyde", "mg/m3"), "o3": ("o3", "ppm")}),
    ("l?dds", {"Bat": ("battery_voltage", "V"), "Distance": ("distance", "mm")}),
    ("l?se01|l?sph01", {"Bat": ("battery_voltage", "V")}),
)  # fmt: skip
"""Model, in its own letters and digits -> names that mean this with it only."""


_CAYENNE = {
    "barometric_pressure": ("pressure", "hPa"), "relative_humidity": ("humidity", "%RH"),
    "luminosity": ("illuminance", "lx"), "temperatureSensor": ("temperature", "Cel"),
    "humiditySensor": ("humidity", "%RH"), "illuminanceSensor": ("illuminance", "lx"),
    "barometer": ("pressure", "hPa"), "presenceSensor": ("occupancy", "bool"),
    "analogInput": ("analog_in", ""), "analogOutput": ("analog_out", ""),
    "digitalInput": ("digital_in", ""), "digitalOutput": ("digital_out", ""),
}  # fmt: skip
"""As Cayenne LPP's decoders call it, with the channel behind: `luminosity_5`; ChirpStack's own
says `{"illuminanceSensor": {"5": 120}}`, which comes here as `illuminanceSensor_5`."""
_CHANNEL = re.compile(
    r"(temperature|humidity|moisture|conductivity|distance|voltage)_?(?:chn|ch|channel_?)?(\d{1,2})$"
)
"""`temperature_chn1` and `temperature1` are the first temperature; `co2` is no second co."""
_PLAIN = re.compile(r"(?:_?(?:max|min|avg|chn|ch)|[_\d])+$", re.IGNORECASE)
_ENDS = {
    "temperature": "Cel", "Temperature": "Cel", "TEMPERATURE": "Cel",
    "humidity": "%RH", "Humidity": "%RH", "HUMIDITY": "%RH",
    "voltage": "V", "Voltage": "V", "VOLTAGE": "V",
}  # fmt: skip
"""The end of a name that states the unit as good as certainly."""


_LONGEST = 64
"""Characters; a longer name is none of a formatter's."""


def tell(name: str, value: float | str, about: str = "") -> Iterator[Told]:
    """What *value* says that the formatter of the model named in *about* called *name*."""
    if isinstance(value, str):
        value = TRUTH.get(value, value)
    if isinstance(value, str) and name in _STATES:
        quantity, yes = _STATES[name]
        yield Told(quantity, value.lower() in yes, "bool")
        yield Told(f"{name}_state" if canonical(name) == quantity else name, value)
    elif len(name) > _LONGEST:
        yield Told(name, value)
    elif name in _COUNTS and not isinstance(value, str | bool):
        yield Told(_COUNTS[name], value, "1")
    else:
        quantity, unit = _meaning(name, about)
        yield Told(quantity, value, unit)


@lru_cache(maxsize=4096)
def _meaning(name: str, about: str) -> tuple[str, str]:
    model = re.sub(r"[^a-z0-9]", "", about)
    for pattern, names in _MODELS:
        if name in names and re.search(pattern, model):
            return names[name]
    if name in _NAMES:
        return _NAMES[name]
    kind, _, channel = name.rpartition("_")
    if kind in _CAYENNE and channel.isdecimal():
        quantity, unit = _CAYENNE[kind]
        return f"{quantity}_{channel}", unit
    plain = _CHANNEL.sub(r"\1_\2", name)
    unit = next((unit for end, unit in _ENDS.items() if _PLAIN.sub("", name).endswith(end)), "")
    return plain, unit
