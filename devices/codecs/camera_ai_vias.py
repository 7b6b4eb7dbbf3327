"""Camera analysis in the manner of Huawei VIAS: one event per message.

    $vias/001/event
    {"event_type": 1179649, "task_id": "a066…", "stream_id": "001", "timestamp": 1560346229,
     "message_id": "0DD1…", "image_base64": "/9j/4AAQ…",
     "data": {"event_set": [{"plate_id": "粤B00000", "bounding_box": {"x": 1712, …}}]}}

The picture is not taken from here: evidence comes from cameras that the site runs itself, masked.
Number plates are dropped.
"""

from devices.codec import Codec, Malformed, Memory, Message, Value

_EVENTS = {1179648: "fire_lane_object", 1179649: "fire_lane_vehicle"}
"""Documented codes; any other is passed on as `vias_<code>` for the site to name."""


def recognise(message: Message) -> bool:
    if message.levels[0] == "$vias":
        return True
    keys = (b'"event_type"', b'"stream_id"', b'"task_id"')
    return all(key in message.payload for key in keys)


def decode(message: Message, memory: Memory) -> list[Value]:
    document = message.object()
    kind, camera = document.get("event_type"), document.get("stream_id")
    if not isinstance(kind, int) or isinstance(kind, bool) or not isinstance(camera, str):
        raise Malformed("event_type or stream_id is missing")
    stamp = message.stamp(document.get("timestamp"))
    data = document.get("data")
    events = data.get("event_set") if isinstance(data, dict) else None
    events = events if isinstance(events, list) else []
    events = [event for event in events if isinstance(event, dict)]
    if any(event.get("plate_id") for event in events):
        message.notes.append("personal_data: plate_id")
    found: list[tuple[str, float | str, str]] = [
        ("event", _EVENTS.get(kind, f"vias_{kind}"), "event_type"),
        ("camera", camera, "stream_id"),
        ("object_count", len(events), "data.event_set"),
    ]
    return [
        Value(camera, name, value, "", stamp.at, stamp.quality, path) for name, value, path in found
    ]


CODEC = Codec(
    dialect="camera_ai_vias", recognise=recognise, decode=decode, by_topic=False, priority=15
)
