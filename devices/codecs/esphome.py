"""ESPHome over MQTT, where it does not announce itself: https://esphome.io/components/mqtt.html

    <prefix>/sensor/<object id>/state          20.0     the object's words say the quantity
    <prefix>/binary_sensor/<object id>/state   ON
    <prefix>/switch/<object id>/state          OFF
    <prefix>/text_sensor/<object id>/state     words: no reading, unless they are known ones
    <prefix>/<component>/<object id>/command   no reading

A sensor without a value prints `nan`. With discovery on (the default), units come from there.
"""

from collections.abc import Sequence

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.quantity import find, of_words

NUMBERS = ("sensor", "number")
FLAGS = ("binary_sensor",)
STATES = ("switch", "light", "fan", "valve", "lock", "cover")
WORDS = ("text_sensor", "event", "select")


def _recognise(message: Message) -> bool:
    levels = message.levels
    return (
        len(levels) >= 4
        and levels[-1] == "state"
        and levels[-3] in (*NUMBERS, *FLAGS, *STATES, *WORDS)
    )


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    if len(message.levels) < 4:
        raise Ignored("no topic of ESPHome")
    component, name = message.levels[-3:-1]
    device = "/".join(message.levels[:-3])
    quantity, part = of_words(name)
    text = message.text()
    value: float | str = text
    if component in NUMBERS and text.lower() in ("nan", "inf", "-inf"):
        value = float("nan")
    elif component in FLAGS:
        if text not in ("ON", "OFF"):
            raise Malformed(f"{text[:40]!r} is neither ON nor OFF")
        value = text == "ON"
        known = find(quantity) if quantity else None
        if known is not None and known.kind == "number":
            quantity = ""
    elif component in STATES:
        if text.startswith("{"):
            raise Ignored("the settings of a lamp")
        quantity, part = "switch", name
    elif component in WORDS and not quantity:
        raise Ignored("words that no table knows")
    address = f"{device}#{part}" if part else device
    return [Value(address, quantity or name, value, path=f"{component}/{name}")]


CODEC = Codec("esphome", _recognise, _decode, priority=60)
