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


def test_the_period_is_learnt_from_when_it_spoke() -> None:
    latest = Latest()
    assert latest.period("d") is None
    for turn in range(20):
        at = 1000 + 60_000 * turn
        latest.update([reading(at, 20), reading(at, 50, quantity="humidity")])
    assert latest.period("d") == 60_000


def test_an_outage_hardly_changes_what_was_learnt() -> None:
    latest = Latest()
    for turn in range(20):
        latest.update([reading(1000 + 60_000 * turn, 20)])
    latest.update([reading(90_000_000, 20)])
    assert latest.period("d") == 84_000
    after = Latest()
    after.restore(latest.snapshot())
    assert after.period("d") == 84_000
