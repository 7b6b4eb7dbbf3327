from gateway.latest import Latest
from gateway.model import Quality, Reading


def reading(at: int, value: float, quality: int = 0, quantity: str = "temperature") -> Reading:
    return Reading(device="d", quantity=quantity, value=value, at=at, quality=quality)


def test_the_last_of_each_quantity_is_known() -> None:
    latest = Latest()
    latest.update([reading(1, 20), reading(2, 21), reading(2, 50, quantity="humidity")])
    assert {q: r.value for q, r in latest.of("d").items()} == {"temperature": 21, "humidity": 50}
    assert latest.seen("d") == 2


def test_what_a_broker_kept_is_shown_and_is_no_sign_of_life() -> None:
    latest = Latest()
    latest.update([reading(1, 20, Quality.RETAINED)])
    assert latest.of("d")["temperature"].value == 20
    assert latest.seen("d") is None


def test_of_a_device_that_never_spoke_nothing_is_known() -> None:
    assert Latest().of("d") == {}


def test_after_a_restart_it_is_known_again() -> None:
    before, after = Latest(), Latest()
    before.update([reading(1, 20), reading(2, 50, Quality.LATE, "humidity")])
    after.restore(before.snapshot())
    assert after.of("d") == before.of("d")
    assert after.seen("d") == 2
