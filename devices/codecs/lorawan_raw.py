"""Raw bytes from network servers that do not decode: LORIOT, Actility ThingPark, and the like.

    {"cmd": "rx", "EUI": "1000000000000001", "ts": 1684478801936, "fcnt": 2, "port": 85,
     "rssi": -21, "snr": 10, "data": "0100e2022904…"}                                 LORIOT
    {"DevEUI_uplink": {"Time": "2024-11-14T17:27:41.145+01:00", "DevEUI": "1000000000000001",
     "FPort": "85", "FCntUp": "137", "payload_hex": "0100e2022904…", "LrrRSSI": "-60.0"}}  ThingPark
    {"type": "uplink", "meta": {"device": "A81758FFFE03", "time": 1684478801.9, …},
     "params": {"port": 5, "payload": "AQDi…", "counter_up": 9}}                       Everynet
    {"devEUI": …, "fPort": …, "data": …} is ChirpStack's and read there.

LORIOT sends a frame twice: `rx` at once, `gw` when all gateways have reported; the frame counter
tells that they are one.
"""

import binascii
from typing import Any

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.network_server import Frame, about, data_of, integer, values


def recognise(message: Message) -> bool:
    payload = message.payload
    loriot = b'"EUI"' in payload and b'"cmd"' in payload
    everynet = b'"meta"' in payload and b'"counter_up"' in payload
    return loriot or everynet or b'"DevEUI_uplink"' in payload


def decode(message: Message, memory: Memory) -> list[Value]:
    event = message.object()
    uplink = event.get("DevEUI_uplink")
    if isinstance(uplink, dict):
        frame = _thingpark(message, uplink)
    elif isinstance(event.get("meta"), dict) and isinstance(event.get("params"), dict):
        frame = _everynet(message, event["meta"], event["params"])
    elif event.get("cmd") in ("rx", "gw"):
        frame = _loriot(message, event)
    else:
        raise Ignored(f"{event.get('cmd', 'message')}: no uplink")
    return values(message, frame, memory)


def _text(source: dict[str, Any], *keys: str) -> str:
    for key in keys:
        if isinstance(source.get(key), str) and source[key]:
            return str(source[key])
    raise Malformed(f"{keys[0]} is missing")


def _hex(text: Any) -> bytes:
    if not isinstance(text, str):
        return b""
    try:
        return binascii.unhexlify(text.replace(" ", ""))
    except ValueError as error:  # binascii.Error, or letters beyond ASCII
        raise Malformed(f"the application bytes are not hexadecimal: {error}") from None


def _number(raw: Any) -> int | None:
    """ThingPark writes its numbers as text."""
    if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) < 11:
        return int(raw)
    return integer(raw)


def _loriot(message: Message, event: dict[str, Any]) -> Frame:
    eui = _text(event, "EUI")
    return Frame(
        device=eui,
        eui=eui,
        port=integer(event.get("port")) or 0,
        count=integer(event.get("fcnt")),
        data=_hex(event.get("data")),
        decoded=event.get("decoded"),
        path="decoded",
        about=about(event.get("title"), event.get("name"), event.get("devicename")),
        stamp=message.stamp(event.get("ts")),
        gateways=event["gws"] if isinstance(event.get("gws"), list) else [event],
    )


def _thingpark(message: Message, uplink: dict[str, Any]) -> Frame:
    eui = _text(uplink, "DevEUI")
    customer = uplink.get("CustomerData")
    driver = uplink.get("DriverCfg")
    words = [
        part.get(key)
        for outer in (customer, driver)
        if isinstance(outer, dict)
        for part in outer.values()
        if isinstance(part, dict)
        for key in ("name", "pId", "mId")
    ]
    return Frame(
        device=eui,
        eui=eui,
        port=_number(uplink.get("FPort")) or 0,
        count=_number(uplink.get("FCntUp")),
        data=_hex(uplink.get("payload_hex")),
        decoded=uplink.get("payload"),
        path="payload",
        about=about(uplink.get("ModelCfg"), *words),
        stamp=message.stamp(uplink.get("Time")),
    )


def _everynet(message: Message, meta: dict[str, Any], params: dict[str, Any]) -> Frame:
    eui = _text(meta, "device", "device_addr")
    return Frame(
        device=eui,
        eui=eui,
        port=integer(params.get("port")) or 0,
        count=integer(params.get("counter_up")),
        data=data_of(params.get("payload")),
        stamp=message.stamp(meta.get("time") or params.get("rx_time")),
    )


CODEC = Codec(
    dialect="lorawan_raw", recognise=recognise, decode=decode, by_topic=False, priority=25
)
