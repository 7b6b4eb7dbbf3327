"""Frigate NVR (0.11 and later) and its companion Double Take.

    frigate/events   {"type": "update", "before": {…}, "after": {"id": "1659438905.48-xy562v",
        "camera": "front_door", "label": "car", "top_score": 0.789, "frame_time": 1659438945.5,
        "current_zones": ["driveway"], "stationary": false, "false_positive": false, …}}
    frigate/reviews  {"type": "update", "after": {"camera": "front_cam", "severity": "alert",
        "data": {"objects": ["person", "car"], "zones": ["front_yard"], …}}}
    frigate/tracked_object_update   {"type": "classification" | "lpr" | "face" | …}
    frigate/front_door/person       2        how many are seen now
    frigate/front_door/motion       ON
    frigate/front_door/review_status  ALERT
    frigate/available               online

Names of people (`sub_label`, faces) and number plates arrive uninvited: they are noted, for
counting, and left out.
"""

from typing import Any

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.timestamps import Stamp

_ROOT = "frigate"
_TRACKED = "tracked_object_update"
_SETTINGS = {"state", "set", "suspend"}


def recognise(message: Message) -> bool:
    levels = message.levels
    if levels[0] == "double-take":
        return True
    if levels[0] == _ROOT:
        return len(levels) > 1 and levels[-1] != "snapshot"
    looks = b'"before"' in message.payload and b'"after"' in message.payload
    return looks and levels[-1] in ("events", "reviews")


def decode(message: Message, memory: Memory) -> list[Value]:
    levels = message.levels
    if levels[0] == "double-take":
        return _double_take(message)
    if len(levels) < 2:
        raise Ignored("not a topic of this dialect")
    if levels[-1] == "available":
        return [Value(_ROOT, "availability", message.text()[:16].lower())]
    if levels[-1] == "events":
        return _event(message, message.object())
    if levels[-1] == "reviews":
        return _review(message, message.object())
    if levels[-1] == _TRACKED:
        return _update(message, message.object())
    if levels[-1] in _SETTINGS or len(levels) == 2:
        raise Ignored(f"{levels[-1]}: settings or statistics")
    return _counts(message)


def _after(document: dict[str, Any]) -> dict[str, Any]:
    after = document.get("after")
    if not isinstance(after, dict) or not isinstance(after.get("camera"), str):
        raise Malformed("after.camera is missing")
    return after


def _collect(device: str, stamp: Stamp, *found: tuple[str, Any, str, str]) -> list[Value]:
    """Values from (quantity, value, unit, path); lists become comma-separated words."""
    values = []
    for quantity, value, unit, path in found:
        if isinstance(value, list):
            value = ",".join(str(item) for item in value[:16] if isinstance(item, str))
        if isinstance(value, str | int | float) and value != "":
            values.append(Value(device, quantity, value, unit, stamp.at, stamp.quality, path))
    return values


def _event(message: Message, document: dict[str, Any]) -> list[Value]:
    after = _after(document)
    if after.get("false_positive") is True:
        raise Ignored("a false positive, says Frigate itself")
    _note_personal(message, after, "sub_label", "recognized_license_plate")
    return _collect(
        after["camera"],
        message.stamp(after.get("frame_time") or after.get("start_time")),
        ("object_label", after.get("label"), "class", "after.label"),
        ("object_id", after.get("id"), "id", "after.id"),
        ("camera", after["camera"], "id", "after.camera"),
        ("zone", after.get("current_zones"), "id", "after.current_zones"),
        ("object_score", after.get("top_score"), "/", "after.top_score"),
        ("stationary", after.get("stationary"), "bool", "after.stationary"),
        ("event", document.get("type"), "", "type"),
    )


def _review(message: Message, document: dict[str, Any]) -> list[Value]:
    after = _after(document)
    data = after.get("data")
    data = data if isinstance(data, dict) else {}
    _note_personal(message, data, "sub_labels")
    return _collect(
        after["camera"],
        message.stamp(after.get("end_time") or after.get("start_time")),
        ("severity", after.get("severity"), "class", "after.severity"),
        ("camera", after["camera"], "id", "after.camera"),
        ("object_label", data.get("objects"), "class", "after.data.objects"),
        ("zone", data.get("zones"), "id", "after.data.zones"),
        ("event", document.get("type"), "", "type"),
    )


def _update(message: Message, document: dict[str, Any]) -> list[Value]:
    """What Frigate learnt about an object later. A face's name is not passed on."""
    kind, camera = document.get("type"), document.get("camera")
    if not isinstance(camera, str):
        raise Ignored(f"{kind}: about an object of no camera")
    stamp = message.stamp(document.get("timestamp"))
    if kind == "classification":
        word = document.get("sub_label") or document.get("attribute")
        return _collect(
            camera,
            stamp,
            ("classification", word, "class", "sub_label|attribute"),
            ("classification_score", document.get("score"), "/", "score"),
        )
    _note_personal(message, document, "name", "plate")
    raise Ignored(f"{kind}: personal, or no reading")


def _note_personal(message: Message, source: Any, *keys: str) -> None:
    message.notes.extend(f"personal_data: {key}" for key in keys if source.get(key))


def _counts(message: Message) -> list[Value]:
    """`frigate/<camera or zone>/<object>` and below: counts, sound levels and switches."""
    levels, text = message.levels, message.text()
    place, what = levels[1], levels[-1] if levels[-1] not in ("active", "all") else levels[2]
    if what == "review_status":
        return [Value(place, "severity", text[:32].lower(), "class")]
    if levels[2] == "status" and len(levels) == 4:
        return [Value(place, "availability", text[:32].lower(), path=what)]
    if levels[2] == "classification" and len(levels) == 4:
        return [Value(place, "classification", text[:64], "class", path=what)]
    if what in ("dBFS", "rms"):
        return [Value(place, f"audio_{what.lower()}", text, "dB" if what == "dBFS" else "")]
    if text in ("ON", "OFF") and len(levels) in (3, 4):
        name = "motion" if what == "motion" else f"{what}_seen"
        return [Value(place, name, text == "ON", "bool")]
    if not (text.isascii() and text.isdigit()) or len(text) > 6:
        raise Ignored(f"{what}: no reading")
    suffix = "_active" if levels[-1] == "active" else ""
    return [Value(place, f"{what}{suffix}_count", int(text), "1")]


def _double_take(message: Message) -> list[Value]:
    """Who was recognised is nobody's business; that a camera saw somebody is kept."""
    if message.levels[1:2] not in (["matches"], ["cameras"], ["unknown"]):
        raise Ignored("double-take: no reading")
    document = message.object()
    camera = document.get("camera")
    if not isinstance(camera, str):
        raise Malformed("camera is missing")
    message.notes.append("personal_data: match")
    counts = document.get("counts")
    seen = counts.get("person") if isinstance(counts, dict) else None
    stamp = message.stamp(document.get("timestamp"))
    return _collect(
        camera,
        stamp,
        ("camera", camera, "id", "camera"),
        ("people_count", seen, "1", "counts.person"),
    )


CODEC = Codec(dialect="frigate", recognise=recognise, decode=decode, by_topic=False, priority=10)
