"""How devices say what they measure: one function per dialect, as its real devices write it."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from gateway.model import Millis

Values = dict[str, float]
Said = Iterable[tuple[str, bytes]]
Say = Callable[[str, str, Values, int, Millis], Said]
"""device id, kind, values in canonical units, running number, the device's clock."""

APPLICATION = "7c1f3e5a-2b64-4d0e-9a51-0f2d7d6b8c11"
FLAGS = {"water_leak"}
SHORT = {"fill_level": "lvl", "temperature": "t", "battery": "bat", "illuminance": "lux"}
"""What a home-made device calls its values: nobody can guess it, so devices.yaml maps it."""


def eui(device: str) -> str:
    """A 64-bit address that belongs to *device* alone, in the range of a maker that exists."""
    return "24e124" + format(sum(ord(c) * 257**i for i, c in enumerate(device)) % 16**10, "010x")


def zigbee2mqtt(device: str, kind: str, values: Values, step: int, now: Millis) -> Said:
    body: dict[str, Any] = {k: bool(v) if k in FLAGS else v for k, v in values.items()}
    if "contact_open" in body:
        body["contact"] = not body.pop("contact_open")
    body["linkquality"] = 80 + step * 7 % 60
    yield f"zigbee2mqtt/{device}", _json(body)


def tasmota(device: str, kind: str, values: Values, step: int, now: Millis) -> Said:
    body: dict[str, Any] = {"Time": _iso(now, "seconds")}
    if kind == "air":
        body["PMS5003"] = {"PM1": values["pm1"], "PM2.5": values["pm2_5"], "PM10": values["pm10"]}
    else:
        body["SHT3X"] = {k.capitalize(): v for k, v in values.items()}
        body["TempUnit"] = "C"
    yield f"tele/{device}/SENSOR", _json(body)


def shelly_gen2(device: str, kind: str, values: Values, step: int, now: Millis) -> Said:
    watts, volts = values["power"], values["voltage"]
    body = {
        "id": 0,
        "source": "init",
        "output": watts > 0,
        "apower": watts,
        "voltage": volts,
        "freq": 50.0,
        "current": round(watts / volts, 3),
        "aenergy": {"total": round(1000 + step * 3.0, 3), "minute_ts": now // 60_000 * 60},
        "temperature": {"tC": 41.2, "tF": 106.2},
    }
    yield f"{device}/status/switch:0", _json(body)


def chirpstack_v4(device: str, kind: str, values: Values, step: int, now: Millis) -> Said:
    decoded = {k: bool(v) if k in FLAGS else v for k, v in values.items()}
    body = {
        "deduplicationId": f"3ac7e3c4-4401-4b8d-9386-{step % 16**12:012x}",
        "time": _iso(now, "milliseconds") + "+00:00",
        "deviceInfo": {
            "tenantName": "Linli",
            "applicationId": APPLICATION,
            "applicationName": "neighbourhood",
            "deviceProfileName": f"linli {kind}",
            "deviceName": device,
            "devEui": eui(device),
            "tags": {},
        },
        "devAddr": "00189440",
        "fCnt": step,
        "fPort": 85,
        "rxInfo": [{"gatewayId": "0016c001f153a14c", "rssi": -60 - step % 40, "snr": 8.5}],
        "object": decoded,
    }
    yield f"application/{APPLICATION}/device/{eui(device)}/event/up", _json(body)


def plain_scalar(device: str, kind: str, values: Values, step: int, now: Millis) -> Said:
    for quantity, value in values.items():
        yield f"plain/{device}/{quantity}", str(value).encode()


def flat_json(device: str, kind: str, values: Values, step: int, now: Millis) -> Said:
    body = {SHORT[k]: v for k, v in values.items()}
    yield f"diy/{device}", _json({**body, "seq": step})


def senml_json(device: str, kind: str, values: Values, step: int, now: Millis) -> Said:
    level = round(values["water_level"] / 1000, 3)
    record = {"bn": f"{device}:", "bt": now / 1000, "n": "water_level", "u": "m", "v": level}
    yield f"senml/{device}", _json([record])


SAY: dict[str, Say] = {
    "zigbee2mqtt": zigbee2mqtt,
    "tasmota": tasmota,
    "shelly_gen2": shelly_gen2,
    "chirpstack_v4": chirpstack_v4,
    "plain_scalar": plain_scalar,
    "flat_json": flat_json,
    "senml_json": senml_json,
}


def _json(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def _iso(now: Millis, precision: str) -> str:
    stamp = datetime.fromtimestamp(now / 1000, UTC).replace(tzinfo=None)
    return stamp.isoformat(timespec=precision)
