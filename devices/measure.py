"""Brings a value to canonical form: number out of text, unit, range, impossible values.

"temperature_F": 67.3 [degF]   -> temperature 19.61 Cel
"humidity": "45%"              -> humidity 45 %
"temperature": -127            -> refused: the sensor did not answer
"co2": 1                       -> co2 1 [ppm], implausible
"""

import math
import re
from typing import NamedTuple

from devices import units
from devices.quantity import Quantity, canonical, find
from devices.units import Unit

MAX_TEXT = 256
"""Characters of a text; the rest is cut."""
NO_NUMBER = (-2147483648.0, -9223372036854775808.0)
"""The smallest number of a register: no value of any quantity."""

_NUMBER = re.compile(
    r"([+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?)\s*(\D{0,16})"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_YES = frozenset(
    {"true", "on", "yes", "1", "open", "opened", "alarm", "triggered", "trigger", "detected"}
    | {"leak", "leaking", "wet", "motion", "occupied", "present", "tampered", "low", "active"}
    | {"是", "开", "打开", "开启", "有", "有人", "漏水", "水浸", "报警", "告警", "触发", "低电"}
    | {"ja", "an", "ein", "offen", "geöffnet", "oui", "ouvert", "ouverte", "marche"}
    | {"sí", "si", "sì", "sim", "abierto", "abierta", "aberto", "aberta", "aperto", "aperta"}
    | {"encendido", "ligado", "acceso", "да", "вкл", "открыто"}
)
_NO = frozenset(
    {"false", "off", "no", "0", "closed", "close", "normal", "clear", "idle", "dry", "ok"}
    | {"unoccupied", "vacant", "absent", "good", "inactive", "cleared", "none"}
    | {"否", "关", "关闭", "合上", "无", "无人", "正常", "未触发", "干燥"}
    | {"nein", "aus", "zu", "geschlossen", "non", "fermé", "fermée", "arrêt", "não"}
    | {"cerrado", "cerrada", "fechado", "fechada", "chiuso", "chiusa", "apagado", "desligado"}
    | {"spento", "нет", "выкл", "закрыто"}
)
_FLAGS = {**dict.fromkeys(_YES, 1.0), **dict.fromkeys(_NO, 0.0)}
"""Words that devices use for yes and no, of a flag."""


_VOLTS = (units.parse("V"), units.parse("mV"))
_PRESSURES = ("pressure", "sea_level_pressure")
_PASCALS = 30_000.0, 110_000.0


class Refused(ValueError):
    """This value is none. *why* is one of few words, for counting; the text is for people."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why


class Measure(NamedTuple):
    """A value in canonical form."""

    quantity: str
    value: float | str
    unit: str
    plausible: bool = True


def number(text: str, decimal_comma: bool = False) -> tuple[float, str]:
    """A number as people print it, and the unit behind it.

    `1,234` is refused: a thousand here, one and a bit there.

    >>> number("21.5 °C"), number("+12.5"), number("0012"), number("40,78", decimal_comma=True)
    ((21.5, '°C'), (12.5, ''), (12.0, ''), (40.78, ''))
    """
    text = text.strip()
    if decimal_comma and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    found = _NUMBER.fullmatch(text) if len(text) <= MAX_TEXT else None
    if found is None:
        raise Refused("not_a_number", f"{text[:40]!r} is not a number")
    unit = found[2].strip()
    if unit and units.parse(unit) is None:
        raise Refused("not_a_number", f"{text[:40]!r} is not a number in a known unit")
    return float(found[1]), unit


def measure(name: str, raw: float | str, unit: str = "", decimal_comma: bool = False) -> Measure:
    """*raw* as the canonical quantity in its canonical unit. Raises `Refused` with the reason.

    >>> measure("Temperature", "67.3", "F")
    Measure(quantity='temperature', value=19.6111111111, unit='Cel', plausible=True)
    """
    quantity = find(name)
    if quantity is None:
        return _unknown(name, raw, unit)
    if isinstance(raw, str):
        return _of_text(quantity, canonical(name), raw, unit, decimal_comma)
    if isinstance(raw, bool) and quantity.kind == "number":
        raise Refused("not_a_number", f"{str(raw).lower()} is not a number")
    return _of_number(quantity, canonical(name), float(raw), unit)


def _of_text(quantity: Quantity, name: str, raw: str, unit: str, decimal_comma: bool) -> Measure:
    text = raw.strip()
    if quantity.kind in ("flag", "any"):
        flag = _FLAGS.get(text.lower()) if quantity.kind == "flag" else None
        if flag is not None:
            return Measure(name, flag, quantity.unit)
        try:
            value, stated = number(text, decimal_comma)
        except Refused:
            return Measure(name, _clean(text), "")
        return _of_number(quantity, name, value, stated or unit)
    if quantity.kind == "state":
        return Measure(name, _clean(text), "")
    value, stated = number(text, decimal_comma)
    return _of_number(quantity, name, value, stated or unit)


def _of_number(quantity: Quantity, name: str, value: float, unit: str) -> Measure:
    if quantity.name == "battery" and units.parse(unit) in _VOLTS:
        return measure("battery_voltage", value, unit)  # `"batt": "3300mV"`
    if not math.isfinite(value):
        raise Refused("not_a_number", f"{value} is not a number")
    if value in quantity.sentinels:
        raise Refused("sentinel", f"{value:g} stands for no measurement")
    if quantity.kind == "state":
        return Measure(name, f"{value:g}", "")
    shown = quantity.unit
    if not unit and quantity.name in _PRESSURES and _PASCALS[0] <= value <= _PASCALS[1]:
        unit = "Pa"  # nowhere on earth are there so many hPa
    if unit and unit != shown:
        stated = units.parse(unit)
        if stated is not None and stated.ucum in quantity.also.split():
            return Measure(name, value, stated.ucum)
        value = _convert(value, unit, stated, quantity)
    return Measure(name, value, shown, quantity.low <= value <= quantity.high)


def _convert(value: float, unit: str, stated: Unit | None, quantity: Quantity) -> float:
    target = units.parse(quantity.unit)
    if stated is None or target is None or stated.dimension != target.dimension:
        if stated is not None and stated.ucum == "1":
            return value
        raise Refused("wrong_unit", f"{unit[:20]!r} is no unit of {quantity.name}")
    return units.convert(value, stated, target)


def _unknown(name: str, raw: float | str, unit: str) -> Measure:
    stated = units.parse(unit) if unit else None
    shown = stated.ucum if stated else unit[:20]
    if isinstance(raw, str):
        try:
            value, written = number(raw)
        except Refused:
            return Measure(name, _clean(raw), "")
        shown = shown or written
    else:
        value = float(raw)
    if not math.isfinite(value):
        raise Refused("not_a_number", f"{value} is not a number")
    if value in NO_NUMBER:
        raise Refused("sentinel", f"{value:g} stands for no measurement")
    return Measure(name, value, shown)


def _clean(text: str) -> str:
    """Words without control characters: they go into logs, line protocols and tables."""
    return _CONTROL.sub(" ", text)[:MAX_TEXT].strip()
