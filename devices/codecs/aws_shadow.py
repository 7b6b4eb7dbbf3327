"""AWS IoT device shadow: what the device reports about itself.

    $aws/things/sensor-1/shadow/name/telemetry/update  {"state": {"reported": {"t": 22.5}}}
    $aws/things/sensor-1/shadow/get/accepted           {"state": {"reported": {…}}}

`desired` is a command and `delta` the distance to it. `update/accepted` and `update/documents`
repeat what `update` said: who hears all three reads once.
"""

import zlib

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.leaves import values

_UPDATE, _ACCEPTED, _DOCUMENTS = "update", "update/accepted", "update/documents"
_READ = {_UPDATE, "get/accepted", _ACCEPTED, _DOCUMENTS}
_ECHO = 60_000
"""ms. An answer of the service comes within."""


def recognise(message: Message) -> bool:
    levels = message.levels
    return levels[:2] == ["$aws", "things"] and len(levels) > 4 and levels[3] == "shadow"


def decode(message: Message, memory: Memory) -> list[Value]:
    if not recognise(message):
        raise Ignored("not a topic of this dialect")
    levels = message.levels
    named = levels[4] == "name"
    rest = "/".join(levels[6:] if named else levels[4:])
    if rest not in _READ:
        raise Ignored(f"{rest}: an answer of the service")
    document = message.object()
    before = "current.state." if rest == _DOCUMENTS else "state."
    held = document.get("current") if rest == _DOCUMENTS else document
    state = held.get("state") if isinstance(held, dict) else None
    if not isinstance(state, dict):
        raise Malformed("state is missing")
    reported = state.get("reported")
    if not isinstance(reported, dict):
        raise Ignored("desired: a command")
    _refuse_echo(message, memory, "/".join(levels[2:6] if named else levels[2:3]), rest, reported)
    stamp = message.stamp(document.get("timestamp"))
    return values(levels[2], reported, f"{before}reported", stamp)


def _refuse_echo(
    message: Message, memory: Memory, shadow: str, kind: str, reported: dict[str, object]
) -> None:
    content = zlib.crc32(repr(reported).encode())
    said, of_kind, at = memory.get(shadow, [0, "", 0])
    memory[shadow] = [content, kind, message.at]
    recent = bool(of_kind) and message.at - at < _ECHO
    repeats = kind == _ACCEPTED and of_kind == _UPDATE and said == content
    sums_up = kind == _DOCUMENTS and of_kind in (_UPDATE, _ACCEPTED)
    if recent and (repeats or sums_up):
        raise Ignored(f"{kind}: the echo of an update")


CODEC = Codec(dialect="aws_shadow", recognise=recognise, decode=decode, priority=10)
