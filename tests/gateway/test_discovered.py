import msgspec
import pytest

from devices.decoder import Unknown
from devices.registry import Pattern
from gateway.discovered import KEPT, MOST, MOST_BYTES, SAMPLES, Discovered
from gateway.model import Reading


def said(
    device: str, quantity: str = "temperature", value: float | str = 21.0, sender: str = ""
) -> Unknown:
    reading = Reading(device=device, quantity=quantity, value=value, at=7, unit="Cel")
    return Unknown("zigbee2mqtt", device, f"zigbee2mqtt/{device}", (reading,), sender)


def test_a_stranger_is_kept_with_what_it_said_last() -> None:
    seen = Discovered()
    seen.update([said("a"), said("a", value=22.0), said("a", "humidity", 60)], 1000)
    seen.update([said("a", value=23.0)], 5000)
    (stranger,) = seen
    assert (stranger.first, stranger.last, stranger.messages) == (1000, 5000, 4)
    assert stranger.samples == {"temperature": 23.0, "humidity": 60}
    assert stranger.units["temperature"] == "Cel"
    assert stranger.kept == 4


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


def test_of_each_the_newest_readings_are_kept() -> None:
    seen = Discovered()
    seen.update([said("a", value=float(n)) for n in range(KEPT + 10)], 1000)
    (stranger,) = seen
    assert [reading.value for reading in seen.forget(stranger.id)] == list(range(10, KEPT + 10))
    assert list(seen) == []


def test_long_texts_push_out_whoever_was_silent_longest() -> None:
    seen = Discovered()
    words = MOST_BYTES // KEPT
    seen.update([said("old"), *(said("loud", value="x" * words) for _ in range(KEPT))], 1000)
    loud, old = seen
    assert (old.kept, loud.kept) == (0, KEPT - 2)


def test_two_senders_of_one_address_are_two_strangers() -> None:
    seen = Discovered()
    seen.update([said("a", sender="mallory"), said("a", sender="bridge")], 1000)
    assert {(stranger.address, stranger.sender) for stranger in seen} == {
        ("a", "mallory"),
        ("a", "bridge"),
    }


def test_who_is_ignored_is_neither_kept_nor_shown() -> None:
    seen = Discovered()
    seen.update([said("a")], 1000)
    seen.ignored = [Pattern(id="neighbours", address="a*")]
    seen.update([said("ab")], 2000)
    assert list(seen) == []
    seen.ignored = []
    assert [stranger.address for stranger in seen] == ["a"]


def test_strangers_outlive_a_restart() -> None:
    before, after = Discovered(), Discovered()
    before.update([said("a"), said("b", value="wet")], 1000)
    after.restore(before.snapshot())
    assert list(after) == list(before)
    assert after.forget(next(iter(after)).id) == before.forget(next(iter(before)).id)


def test_a_snapshot_that_is_none_says_so() -> None:
    with pytest.raises(msgspec.DecodeError):
        Discovered().restore(b"\x00nonsense")
