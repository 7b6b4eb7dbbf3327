from devices.decoder import Unknown
from gateway.discovered import MOST, SAMPLES, Discovered
from gateway.model import Reading


def said(device: str, quantity: str = "temperature", value: float = 21.0) -> Unknown:
    reading = Reading(device=device, quantity=quantity, value=value, at=0)
    return Unknown("zigbee2mqtt", device, f"zigbee2mqtt/{device}", (reading,))


def test_a_stranger_is_kept_with_what_it_said_last() -> None:
    seen = Discovered()
    seen.update([said("a"), said("a", value=22.0), said("a", "humidity", 60)], 1000)
    seen.update([said("a", value=23.0)], 5000)
    (stranger,) = seen
    assert (stranger.first, stranger.last, stranger.messages) == (1000, 5000, 4)
    assert stranger.samples == {"temperature": 23.0, "humidity": 60}


def test_who_spoke_last_comes_first() -> None:
    seen = Discovered()
    seen.update([said("a"), said("b"), said("a")], 1000)
    assert [stranger.address for stranger in seen] == ["a", "b"]


def test_inventing_devices_or_quantities_fills_no_memory() -> None:
    seen = Discovered()
    seen.update([said(f"d{n}") for n in range(MOST + 10)], 1000)
    seen.update([said("x", f"q{n}") for n in range(SAMPLES + 10)], 1000)
    assert len(list(seen)) == MOST
    assert len(next(iter(seen)).samples) == SAMPLES
