"""EMQX Neuron, the industrial gateway: tags of PLCs and meters.

    {"timestamp": 1650006388943, "node": "modbus", "group": "grp",
     "values": {"tag0": 123}, "errors": {"tag1": 2014}, "metas": {}}
    {"timestamp": 1647497389075, "node": "modbus", "group": "grp",
     "tags": [{"name": "tag0", "value": 123}, {"name": "tag1", "error": 2014}]}

A tag in error has no value. The topic is free: recognised by node, group and values. The device
is `node/group`.
"""

from devices.codec import Codec, Malformed, Memory, Message, Value
from devices.leaves import values


def recognise(message: Message) -> bool:
    payload = message.payload
    if b'"node"' not in payload or b'"group"' not in payload:
        return False
    return b'"values"' in payload or b'"tags"' in payload


def decode(message: Message, memory: Memory) -> list[Value]:
    document = message.object()
    node, group = document.get("node"), document.get("group")
    if not isinstance(node, str) or not isinstance(group, str):
        raise Malformed("node or group is missing")
    device, stamp = f"{node}/{group}", message.stamp(document.get("timestamp"))
    found, tags = document.get("values"), document.get("tags")
    if isinstance(found, dict):
        return values(device, found, "values", stamp)
    if not isinstance(tags, list):
        raise Malformed("neither values nor tags")
    return [
        value
        for index, tag in enumerate(tags)
        if isinstance(tag, dict) and isinstance(tag.get("name"), str) and "value" in tag
        for value in values(device, {tag["name"]: tag["value"]}, f"tags.{index}", stamp)
    ]


CODEC = Codec(dialect="neuron", recognise=recognise, decode=decode, by_topic=False, priority=35)
