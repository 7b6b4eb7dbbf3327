"""Homie 3 and 4: https://homieiot.github.io/specification/spec-core-v4_0_0/

    homie/<device>/$state                        init ready sleeping disconnected lost alert
    homie/<device>/<node>/<property>             21.5
    homie/<device>/<node>/<property>/$unit       °C       remembered
    homie/<device>/<node>/<property>/$datatype   float    remembered
    homie/<device>/<node>/<property>/set         a command
    everything else with a $                     about the device, no reading

The node is a part of the device: `super-car#engine`.
"""

from collections.abc import Sequence

from devices import homie
from devices.codec import Codec, Ignored, Memory, Message, Value

LEARNT = ("$unit", "$datatype")


def _recognise(message: Message) -> bool:
    levels = message.levels if message.levels[0] else message.levels[1:]
    return levels[:1] == ["homie"] and len(levels) > 2 and levels[1] != "5"


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    levels = message.levels if message.levels[0] else message.levels[1:]
    if len(levels) < 3:
        raise Ignored("no topic of Homie")
    device, rest = levels[1], levels[2:]
    if rest == ["$state"]:
        return [homie.availability(message, device)]
    if len(rest) == 3 and rest[2] in LEARNT:
        return _learn(message, memory, "/".join(levels[1:4]), rest[2])
    if any(level.startswith("$") for level in rest):
        raise Ignored("about the device")
    if len(rest) != 2:
        raise Ignored("no property")
    node, name = rest
    unit, datatype = memory.get(f"{device}/{node}/{name}", ("", ""))
    return [homie.value(message, f"{device}#{node}", name, unit, datatype)]


def _learn(message: Message, memory: Memory, key: str, attribute: str) -> Sequence[Value]:
    unit, datatype = memory.get(key, ("", ""))
    text = message.text()[:32]
    memory[key] = (text, datatype) if attribute == "$unit" else (unit, text)
    raise Ignored(f"announced: {attribute} of {key[:80]}")


CODEC = Codec("homie4", _recognise, _decode, priority=12)
