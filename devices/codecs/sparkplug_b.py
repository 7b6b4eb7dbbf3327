"""Sparkplug B 3.0: protobuf over MQTT, with names given once, at birth.

    spBv1.0/<group>/NBIRTH/<node>            {seq 0, metrics [{name "Supply Voltage", alias 7,
                                              datatype Float, float_value 12.1}, …]}
    spBv1.0/<group>/NDATA/<node>             {seq 1, metrics [{alias 7, float_value 12.3}]}
    spBv1.0/<group>/DDATA/<node>/<device>    the same for a device behind the node
    spBv1.0/<group>/NDEATH/<node>            the node's last will: offline

Commands (NCMD, DCMD) and STATE are no readings. A metric without name whose birth was not seen is
left out, never guessed; a gap in `seq` is noted, so that the node can be asked for a new birth.
"""

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.timestamps import NONE
from gateway.model import Quality

_NAMESPACE = "spBv1.0"
_BIRTHS, _DATA, _DEATHS = {"NBIRTH", "DBIRTH"}, {"NDATA", "DDATA"}, {"NDEATH", "DDEATH"}
_NOT_MEASURED = ("bdSeq", "Node Control/", "Device Control/", "Properties/", "Node Info/")
_SIGNED = {1: 8, 2: 16, 3: 32, 4: 64}
"""Int8 … Int64 -> bits; they travel in unsigned fields as two's complement."""
_BIG = 3.4e38
_FLOAT = struct.Struct("<f")
_DATE_TIME, _TEXTS = 13, {12, 14}
_VALUES = ("int_value", "long_value", "float_value", "double_value", "boolean_value",
           "string_value")  # fmt: skip
_MOST = 1000
"""Aliases remembered per node or device."""


class Known(NamedTuple):
    """What the birth said about a metric; kept in memory as a list."""

    name: str
    datatype: int
    unit: str


def recognise(message: Message) -> bool:
    return message.levels[0] == _NAMESPACE and len(message.levels) >= 3


def decode(message: Message, memory: Memory) -> list[Value]:
    if not recognise(message):
        raise Ignored("not a topic of this dialect")
    levels = message.levels
    if len(levels) < 4 or levels[1] == "STATE":
        raise Ignored("the state of a host application")
    kind, device = levels[2], "/".join((levels[1], *levels[3:]))
    if kind not in _BIRTHS | _DATA | _DEATHS:
        raise Ignored(f"{kind}: a command")
    payload = _parse(message.payload)
    stamp = message.stamp(payload.timestamp) if payload.HasField("timestamp") else NONE
    if kind in _DEATHS:
        return [Value(device, "availability", "offline", "", stamp.at, stamp.quality, kind)]
    _follow(message, memory, payload, "/".join((levels[1], levels[3])), kind == "NBIRTH")
    if kind in _BIRTHS:
        memory[device] = _born(payload)
    try:
        values = list(_values(message, payload, device, memory.get(device) or {}))
    except UnicodeDecodeError as error:
        raise Malformed(f"a text is not UTF-8: {error.reason}") from None
    if not values:
        raise Ignored("no metric with a name and a value")
    return values


def _parse(data: bytes) -> Any:
    # protobuf is 7 MB, which a site without Sparkplug does without
    from google.protobuf.message import DecodeError

    from devices.sparkplug_schema import Payload

    try:
        return Payload.FromString(data)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not a Sparkplug B payload: {error}") from None


def _follow(message: Message, memory: Memory, payload: Any, node: str, birth: bool) -> None:
    """All messages of a node share one counter, 0 at birth and from 255 on to 0."""
    key = f"seq {node}"
    last = memory.get(key)
    if payload.HasField("seq"):
        memory[key] = int(payload.seq) & 0xFF
        if not birth and last is not None and memory[key] != (last + 1) & 0xFF:
            message.notes.append(f"sequence_gap: {last}, then {memory[key]}; a rebirth is needed")


def _born(payload: Any) -> dict[str, list[Any]]:
    """Alias (as text, for the snapshot) and name -> what is known of the metric."""
    known: dict[str, list[Any]] = {}
    for metric in payload.metrics[:_MOST]:
        entry = [_text(metric, "name"), metric.datatype, _unit(metric)]
        if metric.HasField("alias"):
            known[f"#{metric.alias}"] = entry
        elif entry[2]:
            known[entry[0]] = entry
    return known


def _text(part: Any, field: str) -> str:
    raw = getattr(part, field)
    return raw if isinstance(raw, str) else raw.decode(errors="replace")


def _unit(metric: Any) -> str:
    """`engUnit`, by which Ignition and others state the unit."""
    if metric.HasField("properties"):
        pairs = zip(metric.properties.keys, metric.properties.values, strict=False)
        for key, value in pairs:
            if key.lower() in ("engunit", "engineeringunits", "unit"):
                return str(value.string_value)[:32]
    return ""


def _values(
    message: Message, payload: Any, device: str, known: dict[str, list[Any]]
) -> Iterator[Value]:
    for metric in payload.metrics:
        name = _text(metric, "name")
        key = f"#{metric.alias}" if metric.HasField("alias") else name
        born = Known(*known[key]) if key in known else Known("", 0, "")
        name = name or born.name
        if not name:
            message.notes.append(f"unknown_alias: {metric.alias} came without birth")
            continue
        if name.startswith(_NOT_MEASURED) or metric.is_null:
            continue
        datatype = metric.datatype or born.datatype
        value = _number(metric, datatype)
        if value is None:
            continue
        when = metric.timestamp if metric.HasField("timestamp") else payload.timestamp or None
        stamp = message.stamp(when)
        quality = stamp.quality | (int(Quality.LATE) if metric.is_historical else 0)
        quantity = name.rpartition("/")[2]
        unit = _unit(metric) or born.unit
        yield Value(device, quantity, value, unit, stamp.at, quality, name)


def _number(metric: Any, datatype: int) -> float | str | None:
    """The value; None for what is no single value (data sets, files, templates, times)."""
    field = next((field for field in _VALUES if metric.HasField(field)), None)
    if field is None or datatype == _DATE_TIME:
        return None
    raw = getattr(metric, field)
    if isinstance(raw, str):
        return raw if datatype in _TEXTS or not datatype else None
    if field == "float_value":
        return _shortest(raw)
    if isinstance(raw, bool | float) or datatype not in _SIGNED:
        return raw  # type: ignore[no-any-return]  # protobuf's fields are untyped
    bits = _SIGNED[datatype]
    raw &= (1 << bits) - 1
    return int(raw - (1 << bits)) if raw >> (bits - 1) else int(raw)


def _shortest(raw: float) -> float:
    """The number that the sender meant: 12.3, not 12.300000190734863 (32 bits widened to 64)."""
    short = float(f"{raw:.7g}") if abs(raw) < _BIG else raw
    return short if _FLOAT.pack(short) == _FLOAT.pack(raw) else raw


CODEC = Codec(dialect="sparkplug_b", recognise=recognise, decode=decode, priority=10)
