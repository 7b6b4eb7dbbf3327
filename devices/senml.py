"""SenML (RFC 8428): resolves a pack of records, in JSON or CBOR.

    [{"bn": "urn:dev:ow:10e2073a01080063:", "bt": 1320078429, "n": "temperature", "v": 27.2,
      "u": "Cel"}, {"n": "humidity", "v": 80, "u": "%RH"}]

Base fields hold until the next one replaces them. Names, times, values and sums are the base
plus the record's own. A time below 2**28 counts from now; so does a missing one (0).
"""

import math
from collections.abc import Mapping
from typing import Any

from devices.codec import Ignored, Malformed, Message, Value
from devices.timestamps import NONE, Stamp

_RELATIVE = 2**28
_MOST = 1024
"""Records in one pack."""

_QUANTITIES = {
    "Cel": "temperature",
    "K": "temperature",
    "%RH": "humidity",
    "lon": "lon",
    "lat": "lat",
    "%EL": "battery",
    "EL": "battery_lifetime",
    "V": "voltage",
    "A": "current",
    "W": "power",
    "J": "energy",
    "Pa": "pressure",
    "hPa": "pressure",
    "lx": "illuminance",
    "ppm": "concentration",
    "dB": "sound_level",
    "dBW": "signal_power",
    "m": "distance",
    "m/s": "speed",
    "m3": "volume",
    "l": "volume",
    "kg": "mass",
    "Hz": "frequency",
    "pH": "ph",
    "beat/min": "heart_rate",
    "count": "count",
}
"""What a record measures whose name is only the device: its unit says it (RFC 8428, 12.1)."""

_BASE = {"bn": "", "bt": 0.0, "bu": "", "bv": 0.0, "bs": 0.0}
_KNOWN = {*_BASE, "bver", "n", "u", "t", "ut", "v", "vs", "vb", "vd", "s"}


def resolve(pack: Any, message: Message) -> list[Value]:
    """The values of *pack*, a list of records with JSON's labels. Raises `Malformed`."""
    if not isinstance(pack, list) or not all(isinstance(record, dict) for record in pack):
        raise Malformed("SenML is a list of records")
    if len(pack) > _MOST:
        raise Malformed(f"{len(pack)} records in one pack; more than {_MOST} are not read")
    base: dict[str, Any] = dict(_BASE)
    values = []
    for index, record in enumerate(pack):
        _understand(record)
        for key, empty in _BASE.items():
            if key in record:
                base[key] = _typed(record, key, type(empty))
        value = _value(record, base, message, index)
        if value is not None:
            values.append(value)
    if not values:
        raise Ignored("the pack holds no value")
    return values


def _understand(record: Mapping[Any, Any]) -> None:
    for key in record:
        if isinstance(key, str) and key.endswith("_") and key not in _KNOWN:
            raise Malformed(f"{key!r} must be understood and is not")


def _typed(record: Mapping[str, Any], key: str, kind: type) -> Any:
    raw = record.get(key, kind())
    good = isinstance(raw, str) if kind is str else isinstance(raw, int | float)
    if not good or isinstance(raw, bool):
        raise Malformed(f"{key} is {raw!r}")
    return raw


def _value(
    record: Mapping[str, Any], base: Mapping[str, Any], message: Message, index: int
) -> Value | None:
    own = _typed(record, "n", str)
    name = base["bn"] + own
    if not name:
        raise Malformed(f"record {index} has no name")
    unit = _typed(record, "u", str) or base["bu"]
    found = _measured(record, base)
    if found is None:
        return None
    device, quantity = _split(base["bn"], own, unit)
    stamp = _stamp(_typed(record, "t", float) + base["bt"], message)
    return Value(device, quantity, found, unit, stamp.at, stamp.quality, path=name)


def _measured(record: Mapping[str, Any], base: Mapping[str, Any]) -> float | str | None:
    if "v" in record or (base["bv"] and not record.keys() & {"vs", "vb", "vd", "s"}):
        return float(_typed(record, "v", float) + base["bv"])
    if "vb" in record:
        if not isinstance(record["vb"], bool):
            raise Malformed(f"vb is {record['vb']!r}")
        return record["vb"]
    if "vs" in record:
        return str(_typed(record, "vs", str))
    if "s" in record or base["bs"]:
        return float(_typed(record, "s", float) + base["bs"])
    return None  # opaque data, or a record that only sets the base


def _split(base: str, own: str, unit: str) -> tuple[str, str]:
    """Who measured, and what: `urn:dev:ow:10e2:` + `temperature`, or the unit's quantity."""
    if base and own:
        return base.rstrip(":/.") or base, own
    name = base or own
    if unit in _QUANTITIES:
        return name, _QUANTITIES[unit]
    cut = max(name.rfind(":"), name.rfind("/"))
    return (name[:cut], name[cut + 1 :]) if 0 < cut < len(name) - 1 else (name, "value")


def _stamp(time: float, message: Message) -> Stamp:
    if not math.isfinite(time):
        return message.stamp("never")
    if time < _RELATIVE:
        known = message.at and time and time > -_RELATIVE
        return Stamp(message.at + round(time * 1000)) if known else NONE
    return message.stamp(time)
