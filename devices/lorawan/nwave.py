"""Nwave G4 parking sensor (NPS): the port says what a frame is.

    port 1  95         bit 0 occupied, the rest how long it was otherwise: 74 min
    port 2  00 C8 1A   heartbeat: health, battery 2.5 V + 4 mV steps, 10 Cel + half degrees

One byte has no structure of its own: the model must be named.
"""

from collections.abc import Sequence

from devices.codec import Ignored, Malformed
from devices.uplink import Field, Maker, Uplink


def _previous(packed: int) -> list[Field]:
    """Minutes in the state before: exact below 90, in steps of 5 to 240, of an hour to 660."""
    if packed < 90:
        minutes, error = packed, 0
    elif packed < 120:
        minutes, error = 90 + (packed - 90) * 5, 4
    else:
        minutes, error = 240 + (packed - 120) * 60, 59
    overflow = packed == 127
    fields = [Field("previous_state_duration", minutes, "min")]
    if not overflow:
        fields.append(Field("previous_state_duration_error", error, "min"))
    return [*fields, Field("previous_state_duration_overflow", overflow, "bool")]


def _heartbeat(data: bytes) -> list[Field]:
    temperature = int.from_bytes(data[2:3], "big", signed=True) / 2 + 10
    return [
        Field("type", "heartbeat"),
        Field("occupied", data[0] & 1 == 1, "bool"),
        Field("battery_voltage", (2500 + data[1] * 4) / 1000, "V"),
        Field("temperature", temperature, "Cel"),
    ]


_LEAST = {1: 1, 2: 3, 3: 5, 10: 5}


def decode(uplink: Uplink) -> Sequence[Field]:
    data, port = uplink.data, uplink.port
    if port not in _LEAST:
        raise Ignored(f"Nwave G4: no reading on port {port}")
    if len(data) < _LEAST[port]:
        raise Malformed(f"Nwave G4: {len(data)} bytes on port {port}")
    if port == 2:
        return _heartbeat(data)
    if port == 3:
        return [Field("type", "startup"), Field("occupied", data[4] & 1 == 1, "bool")]
    if port == 10 and not data[0] & 1:
        raise Ignored("Nwave G4: a tag was read, no state")  # the tag itself is personal
    kind = "parking_status" if port == 1 else "user_registration"
    occupied = Field("occupied", data[0] & 1 == 1, "bool")
    return [Field("type", kind), occupied, *_previous(data[0] >> 1)]


MAKER = Maker(names=("nwave", "g4_nps", "g4-nps"), decode=decode)
