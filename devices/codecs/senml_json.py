"""SenML in JSON (RFC 8428, application/senml+json); see `devices.senml`.

    [{"n": "urn:dev:ow:10e2073a01080063", "v": 23.1, "u": "Cel"}]

RFC 8428 names no MQTT topic: recognised by a level `senml`, or by its records' labels.
"""

from typing import Any

from devices import senml
from devices.codec import Codec, Malformed, Memory, Message, Value

_NAME = {"n", "bn"}
_VALUE = {"v", "vs", "vb", "vd", "s", "bv"}


def _unwrap(document: Any) -> Any:
    """SensML streams and some devices send `{"e": [...]}`, the form before the standard."""
    if isinstance(document, dict) and isinstance(document.get("e"), list):
        base = {key: item for key, item in document.items() if key in ("bn", "bt", "bu", "bv")}
        records = document["e"]
        if records and isinstance(records[0], dict):
            return [{**base, **records[0]}, *records[1:]]
    return document


def recognise(message: Message) -> bool:
    head = message.payload[:1]
    if head not in (b"[", b"{") or not message.payload[:4096].count(b'n"'):
        return False
    pack = _unwrap(message.json())
    if not isinstance(pack, list) or not pack or not isinstance(pack[0], dict):
        return False
    keys = {key for record in pack[:8] if isinstance(record, dict) for key in record}
    return bool(keys & _NAME) and bool(keys & _VALUE)


def decode(message: Message, memory: Memory) -> list[Value]:
    pack = _unwrap(message.json())
    if isinstance(pack, dict):
        raise Malformed("SenML is a list of records")
    return senml.resolve(pack, message)


CODEC = Codec(dialect="senml_json", recognise=recognise, decode=decode, by_topic=False, priority=40)
