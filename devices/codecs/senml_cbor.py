"""SenML in CBOR (RFC 8428, application/senml+cbor): the same records with numbers as labels.

83                       a list of three records
   a3 21 78 1b "urn:dev:ow:10e2073a01080063"   -2: base name
      22 1a 4eaea188                           -3: base time
      02 f9 4d00                                2: value 20.0
"""

import io
from typing import Any

import cbor2

from devices import senml
from devices.codec import Codec, Malformed, Memory, Message, Value

_LABELS: dict[Any, str] = {
    -1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs",
    0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd",
}  # fmt: skip
_ARRAY, _MAP, _INDEFINITE = 4, 5, 0x9F


def recognise(message: Message) -> bool:
    """A CBOR list that begins with a map with a small label; text begins otherwise."""
    head = message.payload[:3]
    if len(head) < 3:
        return False
    is_list = head[0] >> 5 == _ARRAY or head[0] == _INDEFINITE
    long = head[0] & 0x1F == 24
    record = head[2] if long else head[1]
    return is_list and record >> 5 == _MAP


def decode(message: Message, memory: Memory) -> list[Value]:
    pack = _load(message.payload)
    if not isinstance(pack, list) or not all(isinstance(record, dict) for record in pack):
        raise Malformed("SenML is a list of records")
    return senml.resolve([_named(record) for record in pack], message)


def _named(record: dict[Any, Any]) -> dict[Any, Any]:
    return {_LABELS.get(key, key): value for key, value in record.items()}


def _load(payload: bytes) -> Any:
    stream = io.BytesIO(payload)
    try:
        pack = cbor2.load(stream)
    except (cbor2.CBORDecodeError, ValueError, OverflowError, TypeError, RecursionError) as error:
        raise Malformed(f"not CBOR: {error}") from None
    if stream.read(1):
        raise Malformed("more bytes behind the CBOR value")
    return pack


CODEC = Codec(dialect="senml_cbor", recognise=recognise, decode=decode, by_topic=False, priority=45)
