"""OwnTracks: where a phone or a tracker is.

    owntracks/demo/iphone
    {"_type": "location", "tst": 1440395361, "lat": 52.379, "lon": 10.028, "acc": 3000,
     "alt": 51, "vel": -1, "cog": -1, "batt": 96, "tid": "NE"}

`vel` (km/h) and `cog` of -1 mean that nothing was measured. `lwt` is the last will. Waypoints,
cards (a name and a face), commands and encrypted messages are no readings. The device is
`user/device`.
"""

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value

_FIELDS = (
    ("lat", "lat", "lat"),
    ("lon", "lon", "lon"),
    ("acc", "position_accuracy", "m"),
    ("alt", "altitude", "m"),
    ("vel", "speed", "km/h"),
    ("cog", "heading", "deg"),
    ("p", "pressure", "kPa"),
    ("batt", "battery", "%"),
)
_NOT_MEASURED = {"vel", "cog"}


def recognise(message: Message) -> bool:
    return message.levels[0] == "owntracks" and len(message.levels) >= 3


def decode(message: Message, memory: Memory) -> list[Value]:
    if not recognise(message):
        raise Ignored("not a topic of this dialect")
    document = message.object()
    kind, device = document.get("_type"), "/".join(message.levels[1:3])
    if kind == "lwt":
        return [Value(device, "availability", "offline", path="_type")]
    if kind != "location" or len(message.levels) > 3:
        raise Ignored(f"{kind}: no reading")
    if not {"lat", "lon"} <= document.keys():
        raise Malformed("a location without lat and lon")
    stamp = message.stamp(document.get("tst"))
    return [
        Value(device, quantity, document[key], unit, stamp.at, stamp.quality, key)
        for key, quantity, unit in _FIELDS
        if isinstance(document.get(key), int | float)
        and not (key in _NOT_MEASURED and document[key] < 0)
    ]


CODEC = Codec(dialect="owntracks", recognise=recognise, decode=decode, priority=10)
