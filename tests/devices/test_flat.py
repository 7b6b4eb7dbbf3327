import pytest

from devices import flat
from devices.codec import Message
from devices.flat import Field
from tests.devices.cases import NOW


def found(
    document: dict[str, object], wanted: frozenset[str] = frozenset()
) -> list[tuple[object, ...]]:
    message = Message("t", b"", at=NOW, wanted=wanted)
    fields = {"batt": Field("battery_voltage", "V")}
    return [(v.quantity, v.value, v.unit) for v in flat.values(message, "d", document, fields)]


def test_numbers_by_name_and_known_words() -> None:
    document = {
        "temp": 21.5,
        "batt": 3.1,
        "status": "ok",
        "name": "x",
        "n": {"flux": "7"},
        "b": True,
    }
    assert found(document) == [
        ("temp", 21.5, ""),
        ("battery_voltage", 3.1, "V"),
        ("status", "ok", ""),
        ("flux", "7", ""),
        ("b", True, ""),
    ]


def test_what_is_about_the_device_is_left_out() -> None:
    about = {"id": 7, "mac": "AA", "fw_version": 3, "ts": NOW, "__proto__": {"x": 1}, "k" * 70: 1}
    assert found(about) == []


def test_words_that_the_site_asks_for() -> None:
    assert found({"mode": "auto"}, frozenset({"mode"})) == [("mode", "auto", "")]


@pytest.mark.parametrize(
    ("datum", "names"),
    [
        ("wgs84", ["lat", "lon"]),
        ("GCJ02", ["lat_gcj02", "lon_gcj02"]),
        ("bd09", ["lat_bd09", "lon_bd09"]),
    ],
)
def test_datum(datum: str, names: list[str]) -> None:
    document = {"lat": 39.9, "lng": 116.4, "coordType": datum}
    assert [name.replace("lng", "lon") for name, _, _ in found(document)] == names


@pytest.mark.parametrize("key", ["ts", "Time", "timestamp", "last_seen", "origin"])
def test_time_under_many_names(key: str) -> None:
    assert flat.stamp(Message("t", b"", at=NOW), {key: NOW - 5}).at == NOW - 5


def test_scalar() -> None:
    texts = {b"true": True, b"FALSE": False, b"null": None, b" 21.5 ": "21.5", b"on": "on"}
    for payload, value in texts.items():
        assert flat.scalar(Message("t", payload)) == value
