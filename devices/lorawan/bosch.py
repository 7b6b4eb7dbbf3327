"""Bosch Parking Lot Sensor: the port says what a frame is.

    port 1  01           occupied          port 2  01 12   occupied, 18 Cel (heartbeat)
    port 3  … 17 bytes   start: version, cause of the reset, occupied in the last byte

Two bytes have no structure of their own: the model must be named.
"""

from collections.abc import Sequence

from devices.codec import Ignored, Malformed
from devices.uplink import Field, Maker, Uplink

_KINDS = {1: ("parking status", 1), 2: ("heartbeat", 1), 3: ("startup", 17)}


def decode(uplink: Uplink) -> Sequence[Field]:
    if uplink.port not in _KINDS:
        raise Ignored(f"Bosch parking sensor: no reading on port {uplink.port}")
    kind, least = _KINDS[uplink.port]
    if len(uplink.data) < least:
        raise Malformed(f"Bosch parking sensor: {kind} of {len(uplink.data)} bytes")
    occupied = uplink.data[least - 1] & 1 == 1
    fields = [Field("type", kind), Field("occupied", occupied, "bool")]
    if uplink.port == 2 and len(uplink.data) >= 2:
        temperature = int.from_bytes(uplink.data[1:2], "big", signed=True)
        fields.append(Field("temperature", temperature, "Cel"))
    return fields


MAKER = Maker(names=("bosch parking", "bosch_parking", "parking_lot_sensor"), decode=decode)
