"""What both versions of Homie say alike: whether a device is there, and what a property holds."""

from devices.codec import Ignored, Malformed, Message, Value
from devices.quantity import of_words

STATES = {
    "ready": "online", "alert": "online", "sleeping": "online",
    "lost": "offline", "disconnected": "offline",
}  # fmt: skip
SWITCHES = ("power", "on", "state", "switch")
"""Properties that, as booleans, are a switch."""


def availability(message: Message, device: str) -> Value:
    """What `$state` says."""
    state = message.text()
    if state == "init":
        raise Ignored("the device is starting")
    if state not in STATES:
        raise Malformed(f"$state {state[:40]!r} is none of Homie's")
    return Value(device, "availability", STATES[state], path="$state")


def value(message: Message, device: str, name: str, unit: str, datatype: str) -> Value:
    """What the property *name* holds, of the unit and datatype that were announced."""
    text = message.text()
    if datatype in ("color", "json"):
        raise Ignored(f"a {datatype} is no reading")
    truth = {"true": True, "false": False}.get(text)
    if truth is not None and name in SWITCHES:
        return Value(device, "switch", truth, path=name)
    quantity, _ = of_words(name)
    if unit == "#":
        unit = ""  # Homie's sign for a count
    return Value(device, quantity or name, text if truth is None else truth, unit, path=name)
