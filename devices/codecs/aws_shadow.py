"""AWS IoT device shadow: what the device reports about itself.

    $aws/things/sensor-1/shadow/name/telemetry/update  {"state": {"reported": {"t": 22.5}}}
    $aws/things/sensor-1/shadow/get/accepted           {"state": {"reported": {…}}}

`desired` is a command and `delta` the distance to it. `update/accepted` and `update/documents`
repeat what `update` said: read once, not three times.
"""

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.leaves import values


def recognise(message: Message) -> bool:
    levels = message.levels
    return levels[:2] == ["$aws", "things"] and len(levels) > 4 and levels[3] == "shadow"


def decode(message: Message, memory: Memory) -> list[Value]:
    if not recognise(message):
        raise Ignored("not a topic of this dialect")
    levels = message.levels
    rest = levels[6:] if levels[4] == "name" else levels[4:]
    if rest not in (["update"], ["get", "accepted"]):
        raise Ignored(f"{'/'.join(rest)}: an answer of the service")
    document = message.object()
    state = document.get("state")
    if not isinstance(state, dict):
        raise Malformed("state is missing")
    reported = state.get("reported")
    if not isinstance(reported, dict):
        raise Ignored("desired: a command")
    stamp = message.stamp(document.get("timestamp"))
    return values(levels[2], reported, "state.reported", stamp)


CODEC = Codec(dialect="aws_shadow", recognise=recognise, decode=decode, priority=10)
