"""Messages that were lost on the way are noticed where devices number them."""

import json

import pytest

from devices.decoder import Decoded, Decoder
from devices.registry import DeviceSpec
from gateway.model import Packet


def own(seq: int) -> Packet:
    record = {"device": "d", "quantity": "temperature", "value": 20 + seq / 100, "seq": seq}
    return Packet("linli/readings", json.dumps(record).encode())


def chirpstack(count: int) -> Packet:
    event = {
        "deviceInfo": {"devEui": "24e124126d154397", "applicationName": "a", "deviceName": "d"},
        "fCnt": count,
        "fPort": 85,
        "object": {"temperature": 20 + count / 100},
    }
    topic = "application/a/device/24e124126d154397/event/up"
    return Packet(topic, json.dumps(event).encode())


@pytest.mark.parametrize("message", [own, chirpstack])
@pytest.mark.parametrize(
    ("counts", "gaps"),
    [
        ((1, 2, 3, 4, 5, 6), 0),
        ((1, 2, 3, 4, 8, 9), 1),
        ((1, 3, 5), 2),
        ((100, 101, 0, 1), 0),  # it started anew
    ],
)
def test_a_gap_in_what_a_device_counts_is_told_and_the_reading_kept(message, counts, gaps):
    address = "d" if message is own else "24e124126d154397"
    decoder = Decoder([DeviceSpec(id="d", address=address)])
    found: list[Decoded] = [
        decoder.decode(message(count), 1_000_000 + 10_000 * n) for n, count in enumerate(counts)
    ]
    assert [len(each.readings) for each in found] == [1] * len(counts)
    assert sum(each.rejected.count("sequence_gap") for each in found) == gaps


def test_it_says_how_many():
    decoder = Decoder([DeviceSpec(id="d")])
    decoder.decode(own(1), 0)
    assert "3 before 5 did not arrive" in decoder.decode(own(5), 10_000).reason
