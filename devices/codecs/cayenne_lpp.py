"""Cayenne LPP bytes as the whole payload, on a topic that says so.

    lora/dev-b/lpp      00 73 27BF  00 67 00DE     -> pressure 1017.5 hPa, temperature 22.2 Cel

The device is what stands before the last level of the topic. See `devices.lorawan.cayenne_lpp`.
"""

from devices.codec import Codec, Ignored, Memory, Message, Value
from devices.lorawan import cayenne_lpp

_LEVELS = {"lpp", "cayenne", "cayennelpp", "cayenne_lpp"}


def recognise(message: Message) -> bool:
    return len(message.levels) > 1 and message.levels[-1].lower() in _LEVELS


def decode(message: Message, memory: Memory) -> list[Value]:
    if not message.payload:
        raise Ignored("an empty payload")
    device = message.levels[-2] if len(message.levels) > 1 else message.topic
    return [
        Value(device, field.name, field.value, field.unit, path=f"ch{channel}")
        for channel, field in cayenne_lpp.fields(message.payload)
    ]


CODEC = Codec(dialect="cayenne_lpp", recognise=recognise, decode=decode, priority=20)
