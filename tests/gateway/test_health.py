from gateway.health import KEEP, PartsHealth
from tests.gateway.api.desk_fixture import FakeClock


def health() -> tuple[PartsHealth, FakeClock]:
    clock = FakeClock()
    return PartsHealth(clock), clock


def test_a_state_is_dated_from_when_it_began() -> None:
    parts, clock = health()
    parts.report("city", "ok", "a")
    began = clock.time
    clock.time += 5000
    parts.report("city", "ok", "b")
    assert (parts.parts["city"].since, parts.parts["city"].seen) == (began, began + 5000)
    parts.report("city", "retrying")
    assert parts.parts["city"].since == began + 5000


def test_only_a_vital_part_makes_the_box_ill() -> None:
    parts, _ = health()
    parts.report("city", "failed", "wrong password")
    assert parts.ok
    parts.report("store", "failed", "disk full")
    assert not parts.ok


def test_hostile_names_fill_no_memory_and_are_still_counted() -> None:
    parts, _ = health()
    for n in range(KEEP + 500):
        parts.count("refused", part=f"stranger {n}")
    assert len(parts.counters) <= KEEP + 1
    assert parts.total("refused") == KEEP + 500
