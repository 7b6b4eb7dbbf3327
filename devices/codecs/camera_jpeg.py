"""Pictures over MQTT: JPEG bytes, base64 text, or a data URL.

    frigate/front_door/person/snapshot     FF D8 FF E0 …
    esp32cam/cam01/picture                 /9j/4AAQSkZJRgABAQ…
    cam/2/snapshot                         data:image/jpeg;base64,/9j/4AAQ…

The reading says that a whole picture came, and its kind; the pixels go to `vision`, which masks
them. Buffers of small devices cut pictures off (pubsubclient#608): a picture without its end is
malformed, never evidence. PNG, WebP, SVG and whatever else hides under the name are refused.
"""

import binascii

from devices import jpeg
from devices.codec import Codec, Malformed, Memory, Message, Value

_BASE64 = b"/9j/"
"""FF D8 FF in base64."""
_DATA_URL = b"data:image/"
_OTHER = {
    b"\x89PNG": "PNG",
    b"iVBORw0K": "PNG in base64",
    b"GIF8": "GIF",
    b"RIFF": "WebP",
    b"<svg": "SVG",
}
_TOPICS = {"jpg", "jpeg"}


def recognise(message: Message) -> bool:
    head = message.payload[:16].lstrip()
    if head.startswith((jpeg.START, _BASE64, _DATA_URL)):
        return True
    return message.levels[-1].lower() in _TOPICS


def decode(message: Message, memory: Memory) -> list[Value]:
    jpeg.check(picture(message.payload))
    device = message.topic.rpartition("/")[0] or message.topic
    return [Value(device, "image", "image/jpeg", "mime")]


def picture(payload: bytes) -> bytes:
    """The bytes of the JPEG in *payload*; raises `Malformed`."""
    if payload.startswith(jpeg.START):
        return payload
    head = payload.lstrip()
    for magic, name in _OTHER.items():
        if head.startswith(magic):
            raise Malformed(f"{name}, not JPEG")
    if head.startswith(_DATA_URL):
        kind, comma, head = head.partition(b",")
        if not comma or not kind.endswith(b";base64") or kind[11:15] not in (b"jpeg", b"jpg;"):
            raise Malformed(f"not a JPEG in base64: {kind[:40]!r}")
    try:
        return binascii.a2b_base64(b"".join(head.split()), strict_mode=True)
    except binascii.Error as error:
        raise Malformed(f"neither JPEG nor base64: {error}") from None


CODEC = Codec(dialect="camera_jpeg", recognise=recognise, decode=decode, by_topic=False, priority=8)
