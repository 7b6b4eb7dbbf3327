"""One bare value per topic: ESPEasy, Wiren Board, and most things that people build themselves.

    /ESP_BOX/BM280/Temperature        25.86        the topic's last part names the quantity
    house/indoor_temperature          21.5 °C      and may say whose it is
    /devices/hall/controls/switch     1            Wiren Board's convention
    meter/connection                  connection lost      availability, in many words

`nan` and its like are no values. A decimal comma is refused unless devices.yaml allows it.
"""

import re
from collections.abc import Sequence

from devices.codec import ALWAYS, Codec, Ignored, Memory, Message, Value
from devices.quantity import find, of_words

LONGEST = 64
"""Bytes; a longer payload is no bare value."""
AVAILABILITY = {
    "online": "online", "connected": "online", "available": "online", "alive": "online",
    "offline": "offline", "disconnected": "offline", "connection lost": "offline",
    "unavailable": "offline", "lost": "offline", "dead": "offline",
}  # fmt: skip
STATUS = ("status", "connection", "lwt", "availability", "available", "online", "state")
"""Last parts of a topic under which a device says whether it is there."""

_NUMBER = re.compile(r"[+-]?(?:\d|\.\d)[\d.,eE+-]*\s*\D{0,16}")
_NOT_A_NUMBER = re.compile(r"[+-]?(?:nan|inf|infinity)", re.I)
_SWITCHES = ("true", "false", "on", "off")


def _recognise(message: Message) -> bool:
    payload = message.payload
    if len(payload) > LONGEST or payload[:1] in (b"{", b"[", b"<", b'"'):
        return False
    if _named(message)[1]:
        return True
    text = message.text()
    if message.levels[-1].lower() in STATUS and text.lower() in AVAILABILITY:
        return True
    return bool(_NUMBER.fullmatch(text) or _NOT_A_NUMBER.fullmatch(text)) or (
        text.lower() in _SWITCHES
    )


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    text = message.text()
    device, quantity, part = _named(message)
    last = message.levels[-1]
    if last.lower() in STATUS and text.lower() in AVAILABILITY:
        return [Value(device, "availability", AVAILABILITY[text.lower()], path=last)]
    if len(message.payload) > LONGEST:
        raise Ignored("longer than one value")
    if text.lower() in ("null", "none", "unknown", "unavailable"):
        raise Ignored(f"{text} is no value")
    if part:
        device = f"{device}#{part}"
    return [Value(device, quantity or last or "value", _value(text, quantity), path=last)]


def _named(message: Message) -> tuple[str, str, str]:
    """(device, canonical quantity or '', part) as the topic says."""
    levels = [level for level in message.levels if level]
    if len(levels) >= 4 and levels[0] == "devices" and levels[2] == "controls":
        levels = [levels[1], levels[3]]
    quantity, part = of_words(levels[-1]) if levels else ("", "")
    return "/".join(levels[:-1]) or "plain", quantity, part


def _value(text: str, quantity: str) -> float | str:
    if _NOT_A_NUMBER.fullmatch(text):
        return float("nan")
    known = find(quantity) if quantity else None
    if text.lower() in ("true", "false") and (known is None or known.kind != "state"):
        return text.lower() == "true"
    return text


CODEC = Codec(
    "plain_scalar",
    _recognise,
    _decode,
    by_topic=False,
    steady=lambda key, number: ALWAYS,
    priority=95,
)
