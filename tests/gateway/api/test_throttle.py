from gateway.api.throttle import FREE, KEEP, LONGEST, Throttle

HERE = "192.0.2.1"


def test_a_few_mistakes_are_free_then_each_costs_twice_as_long() -> None:
    throttle, now, waits = Throttle(), 0, []
    for _ in range(FREE + 6):
        waits.append(throttle.wait(HERE, now))
        now += waits[-1]
        throttle.failed(HERE, now)
    assert waits[:FREE] == [0] * FREE
    assert waits[FREE:] == [2000, 4000, 8000, 16000, 32000, 64000]


def test_a_day_of_guessing_gives_few_guesses() -> None:
    throttle, now, guesses = Throttle(), 0, 0
    while now < 86_400_000:
        now += throttle.wait(HERE, now)
        throttle.failed(HERE, now)
        guesses += 1
    assert guesses < 120
    assert throttle.wait(HERE, now) == LONGEST


def test_others_are_not_held_up_and_success_forgives() -> None:
    throttle = Throttle()
    for _ in range(50):
        throttle.failed(HERE, 0)
    assert throttle.wait(HERE, 0) > 0
    assert throttle.wait("192.0.2.2", 0) == 0
    throttle.succeeded(HERE)
    assert throttle.wait(HERE, 0) == 0


def test_one_has_a_whole_v6_network_and_not_a_guess_for_each_address() -> None:
    throttle = Throttle()
    for n in range(FREE):
        throttle.failed(f"2001:db8:1:2::{n:x}", 0)
    assert throttle.wait("2001:db8:1:2:ffff::1", 0) > 0
    assert throttle.wait("2001:db8:1:3::1", 0) == 0
    assert throttle.wait("::ffff:192.0.2.9", 0) == 0


def test_memory_is_bounded() -> None:
    throttle = Throttle()
    for n in range(KEEP + 100):
        for _ in range(FREE):
            throttle.failed(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", n)
    assert throttle.wait("10.0.0.0", 0) == 0, "the oldest was forgotten"
    assert throttle.wait(f"10.0.{(KEEP + 99) >> 8}.{(KEEP + 99) & 255}", KEEP + 99) > 0
