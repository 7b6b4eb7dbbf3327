"""Azure IoT Hub: device-to-cloud messages.

    devices/my_device/messages/events/%24.ct=application%2Fjson     {"temperature": 21.5}
    devices/my_device/modules/m1/messages/events/                   the same from a module

Any payload is legal: text that is no JSON holds no reading. Messages to the device
(`messages/devicebound`) are commands.
"""

from devices.codec import Codec, Ignored, Memory, Message, Value
from devices.leaves import values


def recognise(message: Message) -> bool:
    levels = message.levels
    return levels[0] == "devices" and "messages" in levels[2:-1]


def decode(message: Message, memory: Memory) -> list[Value]:
    if not recognise(message):
        raise Ignored("not a topic of this dialect")
    levels = message.levels
    way = levels[levels.index("messages", 2) + 1]
    if way != "events":
        raise Ignored(f"{way}: a message to the device")
    if message.payload.lstrip()[:1] not in (b"{", b"["):
        raise Ignored("text, legal here, and no reading")
    device = levels[1] if levels[2] != "modules" else f"{levels[1]}/{levels[3]}"
    document = message.json()
    return [
        value
        for entry in (document if isinstance(document, list) else [document])
        if isinstance(entry, dict)
        for value in values(device, entry, "", message.stamp(_time(entry)))
    ]


def _time(entry: dict[str, object]) -> object:
    keys = ("timestamp", "timeCreated", "time", "ts", "enqueuedTime")
    return next((entry[key] for key in keys if isinstance(entry.get(key), str | int)), None)


CODEC = Codec(dialect="azure_iothub", recognise=recognise, decode=decode, priority=15)
