"""Counts and medians of hand-made days."""

from zoneinfo import ZoneInfo

from gateway.digest import Digest, digest, spans
from gateway.model import GridCode, Incident, Place

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
ZONE = ZoneInfo("Asia/Shanghai")
START = 1_767_196_800_000  # 2026-01-01 00:00 in Shanghai, a Thursday


def _incident(id: str, at: int, grid: str = "g1", **more: object) -> Incident:
    first: dict[str, object] = {
        "id": id,
        "kind": "waste",
        "rule": "waste",
        "key": "cam",
        "title": "Waste",
        "severity": "major",
        "status": "open",
        "place": Place(codes=(GridCode("x", grid),)),
        "opened_at": at,
        "updated_at": at,
        "since": at,
    }
    return Incident(**(first | more))  # type: ignore[arg-type] - checked by msgspec


def _told(
    id: str, at: int, seen: int | None, closed: int | None, status: str = "resolved", **more: object
) -> list[Incident]:
    versions = [_incident(id, at, **more)]
    if seen is not None:
        versions.append(
            _incident(
                id, at, **more, status="acknowledged", updated_at=seen, handled_by="li", seq=1
            )
        )
    if closed is not None:
        versions.append(
            _incident(
                id, at, **more, status=status, updated_at=closed, closed_at=closed,
                handled_by="li" if seen is not None else "", seq=2,
            )
        )  # fmt: skip
    return versions


def _two_days(*histories: list[Incident], **more: object) -> Digest:
    covered = spans(START, START + 2 * DAY, "day", ZONE)
    return digest(histories, covered, "day", **more)  # type: ignore[arg-type] - names as they are


def test_days_are_those_of_the_place_and_weeks_begin_on_monday() -> None:
    days = spans(START + HOUR, START + DAY + 1, "day", ZONE)
    assert days == [(START, START + DAY), (START + DAY, START + 2 * DAY)]
    ((monday, _),) = spans(START, START + 1, "week", ZONE)
    assert monday == START - 3 * DAY


def test_a_day_may_have_twenty_three_hours() -> None:
    spring = 1_774_738_800_000  # 2026-03-29 00:00 in Berlin, when clocks are put forward
    ((start, end),) = spans(spring, spring + 1, "day", ZoneInfo("Europe/Berlin"))
    assert (start, end - start) == (spring, 23 * HOUR)


def test_what_was_done_counts_where_it_was_done() -> None:
    over_night = _told("a", START + 23 * HOUR, START + 25 * HOUR, START + 26 * HOUR)
    still_open = _told("b", START + HOUR, START + HOUR + 4 * MINUTE, None)
    found = _two_days(over_night, still_open)
    first, second = (span.total for span in found.spans)
    assert (first.opened, first.resolved, first.open) == (2, 0, 2)
    assert first.acknowledge == 4 * MINUTE, "the other one was seen on the next day"
    assert (second.opened, second.resolved, second.open) == (0, 1, 1)
    assert (second.acknowledge, second.resolve) == (2 * HOUR, 3 * HOUR)
    assert found.total.opened == 2


def test_medians_are_of_the_middle_and_none_where_nothing_was() -> None:
    histories = [_told(f"i{n}", START, START + n * MINUTE, START + n * HOUR) for n in (1, 2, 9)]
    found = _two_days(*histories)
    assert (found.total.acknowledge, found.total.resolve) == (2 * MINUTE, 2 * HOUR)
    assert found.spans[1].total.acknowledge is None


def test_a_rule_that_ended_by_itself_was_nobodys_deed() -> None:
    found = _two_days(_told("a", START, None, START + HOUR))
    assert (found.total.acknowledge, found.total.resolve) == (None, HOUR)


def test_false_alarms_are_a_share_of_what_was_closed() -> None:
    found = _two_days(
        _told("a", START, START + 1, START + 2, "void"),
        _told("b", START, START + 1, START + 2),
        _told("c", START, None, None),
    )
    (rule,) = found.rules
    assert (rule.opened, rule.closed, rule.void, rule.share) == (3, 2, 1, 0.5)
    assert (found.total.void, found.total.resolved) == (1, 1)


def test_grids_are_told_apart_and_one_can_be_asked_for() -> None:
    histories = [_told("a", START, None, None, grid="g1"), _told("b", START, None, None, grid="g2")]
    assert list(_two_days(*histories).grids) == ["g1", "g2"]
    only = _two_days(*histories, grid="g2")
    assert (list(only.grids), only.total.opened) == (["g2"], 1)


def test_silent_devices_are_counted_once() -> None:
    histories = [
        _told(f"s{n}", START + n * HOUR, None, None, rule="quiet", devices=("bin-1",))
        for n in (1, 2)
    ]
    found = _two_days(*histories, _told("w", START, None, None), silence={"quiet"})
    assert (found.total.silent, found.silent) == (1, ["bin-1"])


def test_what_was_closed_before_is_left_out() -> None:
    assert _two_days(_told("a", START - HOUR, None, START - 1)).total.opened == 0
    assert _two_days(_told("a", START - HOUR, None, START - 1)).grids == {}
