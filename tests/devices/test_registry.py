import pytest

from devices.decoder import Decoder
from devices.registry import MAX_ADMITTED, Admission, DeviceSpec, Registry, matches
from gateway.model import Duration, GridCode, Packet, Place

SITE = Place(site="east", codes=(GridCode("cn-unit-grid", "110101001001001"),))


def registry(*devices: DeviceSpec, admissions: tuple[Admission, ...] = ()) -> Registry:
    return Registry(devices, SITE, admissions)


def test_found_by_what_its_dialect_calls_it() -> None:
    bin_3 = DeviceSpec(id="bin-3", dialect="zigbee2mqtt", address="0x01")
    found = registry(bin_3)
    assert found.find("zigbee2mqtt", "0x01") is bin_3
    assert found.find("tasmota", "0x01") is None
    assert found.find("zigbee2mqtt", "bin-3") is None


def test_a_dialect_that_is_not_named_is_any() -> None:
    bin_3 = DeviceSpec(id="bin-3")
    assert registry(bin_3).find("tasmota", "bin-3") is bin_3


def test_a_part_is_its_own_device_or_its_devices() -> None:
    whole = DeviceSpec(id="kitchen")
    freezer = DeviceSpec(id="freezer", address="kitchen#DS18B20-2")
    found = registry(whole, freezer)
    assert found.find("tasmota", "kitchen#DS18B20-2") is freezer
    assert found.find("tasmota", "kitchen#DS18B20-1") is whole


@pytest.mark.parametrize(
    ("filter", "topic", "fits"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/+", "a", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("+/b/#", "a/b/c/d", True),
        ("+/b/#", "a/c", False),
    ],
)
def test_topic_filters(filter: str, topic: str, fits: bool) -> None:
    spec = DeviceSpec(id="d", topic=filter)
    assert (registry(spec).at(topic) is spec) is fits
    assert matches(filter.split("/"), topic.split("/")) is fits


def test_a_device_of_a_topic_is_not_found_by_its_id() -> None:
    assert registry(DeviceSpec(id="d", topic="a/b")).find("flat_json", "d") is None


def test_place_and_tags_come_from_device_and_site() -> None:
    spec = DeviceSpec(
        id="d", tags=frozenset({"bin"}), place=Place(lat=39.9, lon=116.4), period=Duration(1000)
    )
    subject = registry(spec).subjects()["d"]
    assert subject.place == Place("east", SITE.codes, 39.9, 116.4)
    assert subject.tags == {"bin"}
    assert subject.period == 1000
    assert registry(DeviceSpec(id="e")).subjects()["e"].place == SITE


def test_admitted_by_a_pattern() -> None:
    pattern = Admission(id="all", address="leak-*", dialect="zigbee2mqtt", tags=frozenset({"leak"}))
    found = registry(admissions=(pattern,))
    admitted = found.find("zigbee2mqtt", "leak-7")
    assert admitted is not None
    assert admitted.id == "leak-7"
    assert found.find("zigbee2mqtt", "leak-7") is admitted
    assert found.find("zigbee2mqtt", "door-7") is None
    assert found.find("tasmota", "leak-7") is None
    assert found.subjects()["leak-7"].tags == {"leak"}


def test_admissions_are_bounded() -> None:
    found = registry(admissions=(Admission(id="all"),))
    for n in range(MAX_ADMITTED):
        found.find("zigbee2mqtt", f"d{n}")
    assert found.find("zigbee2mqtt", "one-too-many") is None
    assert len(found.subjects()) == MAX_ADMITTED


def test_the_gateways_own_form_reaches_every_device_by_its_id() -> None:
    devices = [
        DeviceSpec(id="bin-1", dialect="zigbee2mqtt", address="0x01"),
        DeviceSpec(id="bin-2", topic="a/+/b"),
        DeviceSpec(id="bin-3", dialect="flat_json", map={"d": "distance"}),
    ]
    payload = b"""[{"device": "bin-1", "quantity": "fill_level", "value": 1},
                   {"device": "bin-2", "quantity": "fill_level", "value": 2},
                   {"device": "bin-3", "quantity": "fill_level", "value": 3},
                   {"device": "0x01", "quantity": "fill_level", "value": 4}]"""
    decoded = Decoder(devices).decode(Packet("linli/readings", payload, dialect="linli"), 0)
    assert [(r.device, r.value) for r in decoded.readings] == [
        ("bin-1", 1.0),
        ("bin-2", 2.0),
        ("bin-3", 3.0),
    ]
    assert [u.device for u in decoded.unknown] == ["0x01"], "an address is not an id"
