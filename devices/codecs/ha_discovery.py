"""Home Assistant's MQTT discovery: devices that announce their topics, units and templates.
https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery

    homeassistant/sensor/<node>/<object>/config      (retained; keys may be abbreviated)
      {"state_topic":"~temp","~":"house/","unit_of_meas":"°F","dev_cla":"temperature",
       "val_tpl":"{{ value_json.t | round(1) }}","dev":{"ids":["node7"],"name":"Garden"}}
    homeassistant/device/<node>/config
      {"dev":{...},"cmps":{"t":{"p":"sensor",...},"leak":{"p":"binary_sensor",...}}}

    house/temp   {"t":67.3}        -> of node7: temperature 19.6 Cel

An announcement is no reading. It is remembered by the topic that it promises; messages on that
topic are then read here, unless their own dialect is known better (Zigbee2MQTT, Tasmota). Only
templates that pick one value, and multiply or divide it, are followed; one with more logic in it
is not run.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from devices import flat
from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.quantity import of_words

ABBREVIATIONS = {
    "stat_t": "state_topic", "val_tpl": "value_template", "unit_of_meas": "unit_of_measurement",
    "dev_cla": "device_class", "dev": "device", "uniq_id": "unique_id", "pl_on": "payload_on",
    "pl_off": "payload_off", "avty_t": "availability_topic", "avty": "availability",
    "pl_avail": "payload_available", "pl_not_avail": "payload_not_available",
    "avty_tpl": "availability_template", "cmps": "components", "p": "platform",
    "obj_id": "object_id", "ent_cat": "entity_category", "stat_val_tpl": "state_value_template",
}  # fmt: skip
ABOUT_DEVICE = {"ids": "identifiers", "cns": "connections"}
SENSORS = {
    "atmospheric_pressure": "pressure", "carbon_dioxide": "co2", "carbon_monoxide": "co",
    "nitrogen_dioxide": "no2", "ozone": "o3", "sulphur_dioxide": "so2", "pm25": "pm2_5",
    "volatile_organic_compounds": "tvoc", "volatile_organic_compounds_parts": "tvoc",
    "signal_strength": "rssi", "sound_pressure": "noise", "precipitation": "rain_total",
    "precipitation_intensity": "rain_rate", "water": "water_volume", "gas": "gas_volume",
    "volume_flow_rate": "flow", "moisture": "soil_moisture", "duration": "duration",
}  # fmt: skip
"""Device class of a sensor -> quantity, where the names differ."""
BINARY = {
    "moisture": "water_leak", "door": "contact_open", "window": "contact_open",
    "opening": "contact_open", "garage_door": "contact_open", "battery": "battery_low",
    "presence": "occupancy", "carbon_monoxide": "carbon_monoxide", "safety": "alarm",
}  # fmt: skip
KINDS = ("sensor", "binary_sensor", "switch", "event")
MOST = 64
"""Values of one topic that are remembered."""

_CONFIG = re.compile(r"[^/]+/(sensor|binary_sensor|switch|event|device)/(?:[^/]+/){1,2}config")
_OTHER = re.compile(r"[^/]+/[a-z_]+/(?:[^/]+/){1,2}config")
_FILTERS = (
    r"(?:\s*\|\s*(?:round|float|int|default|is_defined|string|lower|upper|trim)(?:\([^()]*\))?)*"
)
_STEPS = r"(?:\.get\(['\"][^'\"]+['\"][^)]*\)|\.\w+|\[['\"]?[^\]'\"]+['\"]?\])"
_PICK = re.compile(
    rf"\(*\s*value(?:_json(?P<steps>{_STEPS}+))?{_FILTERS}\s*\)*{_FILTERS}"
    rf"(?:\s*(?P<how>[*/])\s*(?P<by>\d+(?:\.\d+)?))?\s*\)*{_FILTERS}"
)
"""One value, perhaps times or through a number: `(value_json.t | float / 10) | round(1)`."""
_STEP = re.compile(r"\.get\(['\"]([^'\"]+)['\"][^)]*\)|\.(\w+)|\[['\"]?([^\]'\"]+)['\"]?\]")
_SHOWN = re.compile(r"\{\{-?(.*?)-?\}\}")
_GUARD = re.compile(r"\s+if\s.*? is defined\b.*$")
"""`… if value_json.t is defined else ''`: where it is not, there is no value anyway."""
_DEFINED = re.compile(r"\{%-?\s*if\s+[\w.\[\]'\"]+ is defined\s*-?%\}|\{%-?\s*endif\s*-?%\}")


def _recognise(message: Message) -> bool:
    return message.levels[-1] == "config" and _OTHER.fullmatch(message.topic) is not None


def _expects(message: Message, memory: Memory) -> bool:
    return message.topic in memory


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    if message.levels[-1] != "config":
        return _state(message, memory.get(message.topic, {}))
    place = _CONFIG.fullmatch(message.topic)
    if place is None:
        raise Ignored("announces something that measures nothing")
    announced = _expanded(message.object(), ABBREVIATIONS)
    told = [
        _remember(entity, kind, name, memory)
        for kind, name, entity in _entities(place[1], message.levels[-2], announced)
    ]
    raise Ignored("announced: " + ", ".join(filter(None, told))[:160])


def _entities(
    kind: str, name: str, announced: dict[str, Any]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(kind, name, configuration) of each thing that one announcement is about."""
    components = announced.get("components")
    if kind != "device" or not isinstance(components, dict):
        yield kind, name, announced
        return
    shared = {k: v for k, v in announced.items() if k != "components"}
    for key, component in list(components.items())[:MOST]:
        if isinstance(component, dict):
            entity = {**shared, **_expanded(component, ABBREVIATIONS)}
            yield str(entity.get("platform", "")), key, entity


def _expanded(config: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    full = {names.get(key, key): value for key, value in config.items()}
    if isinstance(full.get("device"), dict):
        full["device"] = {ABOUT_DEVICE.get(k, k): v for k, v in full["device"].items()}
    base = full.get("~")
    if isinstance(base, str):
        for key, value in full.items():
            if isinstance(value, str) and key.endswith("topic"):
                if value.startswith("~"):
                    full[key] = base + value[1:]
                elif value.endswith("~"):
                    full[key] = value[:-1] + base
    return full


def _remember(entity: dict[str, Any], kind: str, name: str, memory: Memory) -> str:
    """Keep what the topic will hold; returns it in words."""
    topic = entity.get("state_topic")
    if kind not in KINDS or not isinstance(topic, str) or not topic:
        return ""
    device = _device(entity, name)
    quantity, part = _quantity(entity, kind, name)
    template = entity.get("value_template")
    path, factor = _path(template) if isinstance(template, str) else ("", 1.0)
    on, off = (str(entity.get(k, d)) for k, d in (("payload_on", "ON"), ("payload_off", "OFF")))
    flag = kind in ("binary_sensor", "switch")
    known = dict(memory.get(topic, {}))
    if len(known) < MOST or name in known:
        unit = str(entity.get("unit_of_measurement") or "")[:32]
        on, off = (on, off) if flag else ("", "")
        known[name] = (device, quantity, part, unit, path, on, off, factor)
        memory[topic] = known
    return f"{quantity} on {topic[:80]}"


def _device(entity: dict[str, Any], name: str) -> str:
    """The lasting name of the device: its first identifier."""
    about = entity.get("device")
    if isinstance(about, dict):
        identifiers = about.get("identifiers")
        first = identifiers[0] if isinstance(identifiers, list) and identifiers else identifiers
        if isinstance(first, str) and first:
            return first[:96]
        if isinstance(about.get("name"), str):
            return str(about["name"])[:96]
    return name[:96]


def _quantity(entity: dict[str, Any], kind: str, name: str) -> tuple[str, str]:
    """(quantity, part of the device) from the device class; else from the entity's words."""
    words = entity.get("name") or entity.get("object_id") or name
    about = entity.get("device")
    whose = str(about.get("name", "")) if isinstance(about, dict) else ""
    said = str(words).removeprefix(whose).strip()[:64]
    quantity, part = of_words(said)
    classed = entity.get("device_class")
    if isinstance(classed, str) and classed:
        names = BINARY if kind == "binary_sensor" else SENSORS
        return names.get(classed, classed), part if quantity else ""
    return (quantity, part) if quantity else (said or name, "")


def _path(template: str) -> tuple[str | None, float]:
    """(path, factor): `{{ value_json.a['b'] | float / 10 }}` -> a.b and 0.1; None for a template
    with more logic in it."""
    found = _SHOWN.fullmatch(_DEFINED.sub("", template).strip())
    pick = _PICK.fullmatch(_GUARD.sub("", found[1].strip())) if found else None
    if pick is None:
        return None, 1.0
    by = float(pick["by"] or 1) or 1.0
    path = "\0".join(a or b or c for a, b, c in _STEP.findall(pick["steps"] or ""))
    return path, 1 / by if pick["how"] == "/" else by


def _state(message: Message, entities: dict[str, Sequence[Any]]) -> Sequence[Value]:
    found = []
    for device, quantity, part, unit, path, on, off, *factor in entities.values():
        raw = None if path is None else _picked(message, path)
        if raw is None:
            continue
        value = _switched(raw, on, off) if on else _scaled(raw, factor)
        address = f"{device}#{part}" if part else device
        shown = str(path).replace("\0", ".")
        found.append(Value(address, quantity, value, unit, path=shown))
    return found


def _picked(message: Message, path: str) -> float | str | None:
    """The value at *path*; None where the message has none there."""
    if not path:
        value = flat.scalar(message)
        return float("nan") if isinstance(value, str) and value.lower() == "nan" else value
    here: Any = message.object()
    for step in path.split("\0"):
        if isinstance(here, list) and step.isdecimal() and int(step) < len(here):
            here = here[int(step)]
        elif isinstance(here, dict):
            here = here.get(step)
        else:
            return None
    return here if isinstance(here, int | float | str) else None


def _scaled(raw: float | str, factor: Sequence[float]) -> float | str:
    """*factor* is empty where an older gateway remembered it."""
    if not factor or factor[0] == 1 or isinstance(raw, bool):
        return raw
    try:
        return round(float(raw) * factor[0], 9)
    except ValueError:
        return raw


def _switched(raw: float | str, on: str, off: str) -> bool:
    """What the device announced as on and off; JSON's true is Python's True is `True`."""
    text = str(raw).lower() if isinstance(raw, bool) else str(raw)
    if text.lower() == on.lower():
        return True
    if text.lower() == off.lower():
        return False
    raise Malformed(f"{text[:40]!r} is neither {on[:20]!r} nor {off[:20]!r}")


CODEC = Codec("ha_discovery", _recognise, _decode, priority=30, expects=_expects)
