"""Homie 5: https://homieiot.github.io/specification/ ; all of a device's units come at once.

homie/5/<device>/$description   {"homie":"5.0","nodes":{"light":{"properties":{"power":
                                 {"datatype":"boolean","unit":"°C"}}}}}      remembered
homie/5/<device>/$state         init ready sleeping disconnected lost
homie/5/<device>/<node>/<property>          true
homie/5/<device>/$log/<level>               text for people
homie/5/<device>/$alert/<id>                text for people; empty: it is over
homie/5/<device>/<node>/<property>/set, /$target     no reading
"""

from collections.abc import Iterator, Sequence
from typing import Any

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.quantity import of_words

STATES = {
    "ready": "online", "sleeping": "online", "lost": "offline", "disconnected": "offline",
}  # fmt: skip
SWITCHES = ("power", "on", "state", "switch")
"""Properties that, as booleans, are a switch."""
MOST = 200
"""Properties of one device that are remembered."""


def _recognise(message: Message) -> bool:
    levels = message.levels if message.levels[0] else message.levels[1:]
    return levels[:2] == ["homie", "5"] and len(levels) > 3


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    levels = message.levels if message.levels[0] else message.levels[1:]
    if len(levels) < 4:
        raise Ignored("no topic of Homie")
    device, rest = levels[2], levels[3:]
    match rest:
        case ["$description"]:
            memory[device] = dict(_described(message.object()))
            raise Ignored(f"announced: {len(memory[device])} properties of {device[:64]}")
        case ["$state"]:
            return [_state(message, device)]
        case ["$log", level]:
            return [Value(device, "log", message.text(), path=f"$log/{level}")]
        case ["$alert", id]:
            return [Value(device, "alert", message.text(), path=f"$alert/{id}")]
        case [node, name] if not node.startswith("$") and not name.startswith("$"):
            unit, datatype = memory.get(device, {}).get(f"{node}/{name}", ("", ""))
            return [_value(message, f"{device}#{node}", name, unit, datatype)]
    raise Ignored("about the device")


def _described(description: dict[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    """node/property -> (unit, datatype)"""
    nodes = description.get("nodes")
    count = 0
    for node, body in nodes.items() if isinstance(nodes, dict) else ():
        properties = body.get("properties") if isinstance(body, dict) else None
        for name, about in properties.items() if isinstance(properties, dict) else ():
            count += 1
            if isinstance(about, dict) and count <= MOST:
                unit, datatype = about.get("unit", ""), about.get("datatype", "")
                yield f"{node}/{name}"[:128], (str(unit)[:32], str(datatype)[:16])


def _state(message: Message, device: str) -> Value:
    state = message.text()
    if state == "init":
        raise Ignored("the device is starting")
    if state not in STATES:
        raise Malformed(f"$state {state[:40]!r} is none of Homie's")
    return Value(device, "availability", STATES[state], path="$state")


def _value(message: Message, device: str, name: str, unit: str, datatype: str) -> Value:
    text = message.text()
    if datatype in ("color", "json"):
        raise Ignored(f"a {datatype} is no reading")
    truth = {"true": True, "false": False}.get(text)
    if truth is not None and name in SWITCHES:
        return Value(device, "switch", truth, path=name)
    quantity, _ = of_words(name)
    value: float | str = text if truth is None else truth
    if unit == "#":
        unit = ""  # Homie's sign for a count
    return Value(device, quantity or name, value, unit, path=name)


CODEC = Codec("homie5", _recognise, _decode, priority=12)
