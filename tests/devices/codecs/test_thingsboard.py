"""On ThingsBoard's device API the client is the device."""

from devices.decoder import Decoder
from devices.registry import Admission
from gateway.model import Packet


def test_two_clients_on_one_topic_are_two_devices() -> None:
    decoder = Decoder(admissions=[Admission(id="all")])
    payload = b'{"temperature": 22.5}'
    said = [
        decoder.decode(Packet("v1/devices/me/telemetry", payload, sender=who), at).readings[0]
        for at, who in ((1_795_219_200_000, "gate-1"), (1_795_219_300_000, "gate-2"))
    ]
    assert [reading.device for reading in said] == ["gate-1", "gate-2"]
