"""How SenML resolves (RFC 8428, sections 4.5.1 to 4.5.4)."""

from typing import Any

import pytest

from devices.codec import Malformed, Message
from devices.senml import resolve

NOW = 1_795_219_200_000


def values(
    *records: dict[str, Any], at: int = NOW
) -> list[tuple[str, str, float | str, int | None]]:
    found = resolve(list(records), Message("a/senml", b"", at=at))
    return [(v.device, v.quantity, v.value, v.measured_at) for v in found]


def test_base_value_and_own_value_add_up() -> None:
    assert values({"bn": "d/", "bv": 20, "n": "temperature", "v": 1.5})[0][2] == 21.5


def test_a_base_value_alone_is_a_value() -> None:
    assert values({"bn": "d/", "bv": 20, "n": "temperature"})[0][2] == 20


def test_small_times_count_from_now() -> None:
    assert values({"n": "d/t", "v": 1, "t": -5})[0][3] == NOW - 5000


def test_without_a_clock_a_relative_time_says_nothing() -> None:
    assert values({"n": "d/t", "v": 1, "t": -5}, at=0)[0][3] is None


def test_base_time_and_own_time_add_up() -> None:
    assert values({"n": "d/t", "bt": 1_320_067_464, "t": 60, "v": 1})[0][3] == 1_320_067_524_000


def test_a_name_without_quantity_goes_by_its_unit() -> None:
    assert values({"n": "urn:dev:mac:1", "u": "Cel", "v": 1})[0][:2] == (
        "urn:dev:mac:1",
        "temperature",
    )


def test_a_name_with_quantity_and_unknown_unit_is_split_at_its_end() -> None:
    assert values({"n": "urn:dev:mac:1/level", "v": 1})[0][:2] == ("urn:dev:mac:1", "level")


def test_an_integral_is_taken_where_no_value_stands() -> None:
    assert values({"bn": "d/", "n": "energy", "u": "J", "s": 12, "bs": 3})[0][2] == 15


def test_base_fields_hold_until_replaced() -> None:
    found = values(
        {"bn": "a/", "n": "x", "v": 1}, {"n": "y", "v": 2}, {"bn": "b/", "n": "x", "v": 3}
    )
    assert [v[:2] for v in found] == [("a", "x"), ("a", "y"), ("b", "x")]


@pytest.mark.parametrize(
    "record",
    [{"v": 1}, {"n": 7, "v": 1}, {"n": "a", "v": True}, {"n": "a", "vb": 1}, {"n": "a", "x_": 1}],
)
def test_broken_records(record: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        values(record)
