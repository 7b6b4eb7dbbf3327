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

from devices import homie
from devices.codec import Codec, Ignored, Memory, Message, Value

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
            return [homie.availability(message, device)]
        case ["$log", level]:
            return [Value(device, "log", message.text(), path=f"$log/{level}")]
        case ["$alert", id]:
            return [Value(device, "alert", message.text(), path=f"$alert/{id}")]
        case [node, name] if not node.startswith("$") and not name.startswith("$"):
            unit, datatype = memory.get(device, {}).get(f"{node}/{name}", ("", ""))
            return [homie.value(message, f"{device}#{node}", name, unit, datatype)]
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


CODEC = Codec("homie5", _recognise, _decode, priority=12)
