"""What in a nested object is a reading, and what it is called."""

import pytest

from devices.leaves import MAX_LEAVES, describes, leaves, values


def test_a_carrier_key_takes_the_name_above() -> None:
    assert [(leaf.path, leaf.name, leaf.value) for leaf in leaves({"alarm": {"value": True}})] == [
        ("alarm.value", "alarm", True)
    ]


def test_lists_keep_the_index_in_the_path() -> None:
    assert [(leaf.path, leaf.name) for leaf in leaves({"t": [1, 2]})] == [
        ("t.0", "t"),
        ("t.1", "t"),
    ]


def test_nothing_and_prose_are_no_values() -> None:
    assert list(leaves({"a": None, "b": "", "c": "x" * 65, "d": {}})) == []


def test_a_flood_of_keys_ends() -> None:
    assert len(list(leaves({f"k{n}": n for n in range(10_000)}))) == MAX_LEAVES


def test_depth_ends() -> None:
    deep: object = 1
    for _ in range(1000):
        deep = {"a": deep}
    assert list(leaves(deep)) == []


@pytest.mark.parametrize(
    "name",
    ["sn", "historySeqNr", "firmware_version", "buildId.id", "protocol_version", "Systimestamp",
     "deviceType", "FW", "serial-number", "msgType", "ipso_version", "tsl_version", "reset_event",
     "report_interval", "adr_enable", "sampleTime", "lorawan_class"],
)  # fmt: skip
def test_what_describes_the_device(name: str) -> None:
    assert describes(name)


@pytest.mark.parametrize(
    "name",
    ["temperature", "snowHeight", "version_ok", "timeout_count", "object.payload.battery",
     "people_count", "modelled_flow", "length_mm", "signalStrength", "dwell_time", "SW", "adc_raw",
     "precipitation_interval", "onTime"],
)  # fmt: skip
def test_what_is_measured(name: str) -> None:
    assert not describes(name)


def test_a_word_under_power_is_a_switch() -> None:
    assert [(v.quantity, v.value) for v in values("d", {"Power": "on"})] == [("switch", "on")]
    assert [(v.quantity, v.value) for v in values("d", {"Power": 7})] == [("Power", 7)]
