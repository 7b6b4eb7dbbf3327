"""Messages that broke other systems: each does what its `must` says, and the next one is served.

The corpus stands beside the repository (shared/data/payloads); without it these are skipped.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from devices.decoder import Decoded, Decoder
from devices.registry import Admission, DeviceSpec
from devices.sparkplug_schema import Payload
from gateway.model import Packet, Quality
from tests.devices.cases import NOW, fresh, packet

CORPUS = Path(__file__).parents[2] / "../shared/data/payloads/hostile.jsonl"
if not CORPUS.exists():
    pytest.skip("shared/data is not beside the repository", allow_module_level=True)

RECORDS: dict[str, dict[str, Any]] = {
    record["class"]: record for record in map(json.loads, CORPUS.read_text().splitlines())
}
CLEAN = Packet("zigbee2mqtt/clean", b'{"temperature":20.5}')


def jpeg(width: int, height: int, before: bytes = b"") -> bytes:
    """The smallest thing with a JPEG's structure."""
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    frame = b"\xff\xc0\x00\x0b\x08" + size + b"\x01\x01\x11\x00"
    return b"\xff\xd8" + before + frame + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x7f\xff\xd9"


def sparkplug(seq: int, **metric: Any) -> bytes:
    made = Payload(timestamp=NOW, seq=seq)
    if metric:
        made.metrics.add(timestamp=NOW, datatype=10, **metric)
    return bytes(made.SerializeToString())


EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x88\x25\0\x04\0\0\0\x01\0\0\0\0 owner: somebody"
GENERATED = {
    "huge_int_4301_digits": b'{"count":' + b"9" * 5000 + b"}",
    "deep_nesting": b"[" * 100_000 + b"]" * 100_000,
    "deep_objects": b'{"a":' * 2000 + b"1" + b"}" * 2000,
    "many_keys": json.dumps({f"k{n}": n for n in range(100_000)}).encode(),
    "long_key": json.dumps({"k" * 65_000: 1}).encode(),
    "huge_payload": b"A" * (16 << 20),
    "jpeg_bomb": jpeg(65_535, 65_535),
    "jpeg_exif_gps": jpeg(8, 8, b"\xff\xe1" + (len(EXIF) + 2).to_bytes(2, "big") + EXIF),
    "seq_gap": sparkplug(9, name="t", double_value=20.0),
    "alias_unknown": sparkplug(0, alias=7, double_value=20.0),
}


def message(name: str) -> Packet:
    record = RECORDS[name]
    if name in GENERATED:
        return Packet(record["topic"], GENERATED[name])
    moments = {"{{now+1h}}": 3_600_000, "{{now-24h}}": -86_400_000, "{{now-10s}}": -10_000}
    text = record.get("payload", "")
    for mark, offset in moments.items():
        text = text.replace(mark, str(NOW + offset))
    return packet({**record, "payload": text})


def read(name: str, *devices: DeviceSpec) -> Decoded:
    decoder = Decoder(devices, admissions=[Admission(id="all")]) if devices else fresh()
    return decoder.decode(message(name), NOW)


def said(decoded: Decoded) -> dict[str, float | str]:
    return {reading.quantity: reading.value for reading in decoded.readings}


MALFORMED = [
    "nan_scalar",
    "nan_string",
    "infinity",
    "neg_infinity_scalar",
    "overflow_to_inf",
    "printf_float",
    "true_top",
    "list_top",
    "string_top",
    "decimal_comma",
    "thousands",
    "hex_number",
    "huge_int_4301_digits",
    "invalid_utf8_payload",
    "latin1_payload",
    "utf16_bom",
    "gb18030_payload",
    "gzip_payload",
    "binary_on_text_topic",
    "truncated_json",
    "two_json_objects",
    "ndjson",
    "trailing_comma",
    "single_quotes",
    "deep_nesting",
    "deep_objects",
    "huge_payload",
    "sentinel_minus127",
    "sentinel_65535",
    "sentinel_327_67",
    "sentinel_163_83",
    "jpeg_truncated",
    "jpeg_bomb",
    "png_as_jpg",
    "svg_as_image",
    "base64_bad_padding",
]
"""Nothing of it is a reading; it is counted and kept for the person who wants to know."""
IGNORED = [
    "empty_payload",
    "whitespace_payload",
    "null_json",
    "null_value",
    "command_echo",
    "long_key",
    "topic_invalid_utf8",
]
READ: dict[str, dict[str, float | str]] = {
    "nan_bare_json": {"humidity": 40.0},
    "nan_lower_json": {"humidity": 40.0},
    "number_with_unit": {"temperature": 21.5},
    "number_with_unit_percent": {"humidity": 45.0},
    "octal_like": {"temperature": 12.0},
    "plus_sign": {"temperature": 12.5},
    "huge_int": {"count": 18446744073709551616.0},
    "int_then_float": {"temperature": 21.0},
    "float_then_int_same_field": {"temperature": 21.5},
    "bool_then_string_same_field": {"contact_open": 1.0},
    "duplicate_keys": {"temperature": 99.0},
    "case_duplicate_keys": {"temperature": 99.0},
    "utf8_bom": {"temperature": 20.0},
    "nul_bytes": {"temperature": 20.0},
    "nul_in_string": {"temperature": 20.0},
    "lone_surrogate": {"temperature": 20.0},
    "local_time_no_zone": {"temperature": 20.0},
    "topic_non_ascii": {"contact_open": 0.0},
    "topic_spaces": {"co2": 400.0},
    "topic_leading_slash": {"temperature": 20.0},
    "topic_injection": {"temperature": 20.0},
    "value_injection": {"temperature": 20.0},
    "html_injection": {"temperature": 20.0},
    "formula_injection": {"temperature": 20.0},
    "null_island": {"temperature": 20.0},
    "qos1_redelivery": {"temperature": 20.0},
}
"""The good part of it, and nothing else."""


@pytest.mark.parametrize("name", RECORDS)
def test_the_next_message_is_served(name: str) -> None:
    decoder = fresh()
    for _ in range(2):
        decoder.decode(message(name), NOW)
    after = decoder.decode(CLEAN, NOW)
    assert after == fresh().decode(CLEAN, NOW)
    assert said(after) == {"temperature": 20.5}


@pytest.mark.parametrize("name", RECORDS)
def test_numbers_are_finite_floats(name: str) -> None:
    for reading in read(name).readings:
        assert isinstance(reading.value, str) or abs(reading.value) < 1e300
        assert type(reading.value) in (float, str)


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name: str) -> None:
    decoded = read(name)
    assert (decoded.status, decoded.readings) == ("malformed", ())
    assert decoded.reason


@pytest.mark.parametrize("name", IGNORED)
def test_ignored(name: str) -> None:
    decoded = read(name)
    assert (decoded.status, decoded.readings) == ("ignored", ())
    assert decoded.reason


@pytest.mark.parametrize("name", READ)
def test_the_good_part_is_read(name: str) -> None:
    assert said(read(name)) == READ[name]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("nan_bare_json", "not_a_number"),
        ("duplicate_keys", "came_twice"),
        ("case_duplicate_keys", "said_twice"),
        ("null_island", "no_position"),
        ("sentinel_65535", "sentinel"),
    ],
)
def test_what_is_left_out_is_counted(name: str, word: str) -> None:
    assert word in read(name).rejected


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("sentinel_85", "temperature"),
        ("swapped_fields", "co2"),
        ("humidity_over_100", "humidity"),
        ("pm25_gt_pm10", "pm2_5"),
        ("unit_lie", "pressure"),
    ],
)
def test_the_implausible_is_kept_from_rules(name: str, quantity: str) -> None:
    (reading,) = (r for r in read(name).readings if r.quantity == quantity)
    assert reading.quality & Quality.IMPLAUSIBLE
    assert not reading.for_rules


YEAR_2022 = 1_648_731_311_000


@pytest.mark.parametrize(
    ("name", "measured_at"),
    [
        ("epoch_seconds_in_ms_field", YEAR_2022),
        ("epoch_ms_in_s_field", YEAR_2022),
        ("epoch_us", YEAR_2022),
        ("epoch_ns", YEAR_2022),
        ("epoch_string", YEAR_2022),
        ("basic_iso", 1_449_922_332_000),
        ("tz_name", 1_767_196_800_000),
        ("late_24h", NOW - 86_400_000),
        ("out_of_order", NOW - 10_000),
    ],
)
def test_times_are_told_apart(name: str, measured_at: int) -> None:
    decoded = read(name)
    assert decoded.readings
    assert {reading.measured_at for reading in decoded.readings} == {measured_at}
    assert all(reading.at == NOW for reading in decoded.readings), "rules go by arrival"


@pytest.mark.parametrize(
    "name", ["clock_1970", "clock_2036_rollover", "future_1h", "future_year_9999"]
)
def test_an_impossible_clock_is_not_believed(name: str) -> None:
    (reading,) = read(name).readings
    assert reading.measured_at is None
    assert reading.quality & Quality.CLOCK_SUSPECT
    assert reading.for_rules, "the value itself is good"


def test_uptime_is_no_time() -> None:
    spec = DeviceSpec(id="meter", dialect="flat_json", topic="enode/+/from/energy")
    (reading,) = read("uptime_as_ts", spec).readings
    assert (reading.value, reading.measured_at) == (237.9, None)


def test_late_values_fire_nothing() -> None:
    (reading,) = read("late_24h").readings
    assert not reading.for_rules


def test_options_of_a_device() -> None:
    comma = DeviceSpec(id="a", topic="site/s1/temperature", decimal_comma=True)
    assert said(read("decimal_comma", comma)) == {"temperature": 40.78}
    chinese = DeviceSpec(id="a", topic="zigbee2mqtt/test_sensor", encoding="gb18030")
    assert said(read("gb18030_payload", chinese))["temperature"] == 20.0
    wide = DeviceSpec(id="a", topic="zigbee2mqtt/test_sensor", encoding="utf-16")
    assert said(read("utf16_bom", wide)) == {"temperature": 20.0}
    latin = DeviceSpec(id="a", topic="site/s1/temperature", encoding="latin-1")
    assert said(read("latin1_payload", latin)) == {"temperature": 21.5}


def test_keys_of_a_language_are_inert() -> None:
    assert said(read("proto_keys")) == {"constructor": 1.0, "temperature": 20.0}


def test_a_flood_of_keys_is_capped() -> None:
    assert 0 < len(read("many_keys").readings) <= 256


def test_unquoted_keys_are_tolerated_or_refused() -> None:
    decoded = read("unquoted_keys")
    assert said(decoded) in ({}, {"temperature": 25.0})
    assert decoded.reason or decoded.readings


@pytest.mark.parametrize(
    ("name", "for_rules"),
    [
        ("retained_stale_alarm", False),
        ("retained_stale_then_live", True),
        ("simulated_uplink", False),
    ],
)
def test_old_and_simulated_alarms_open_nothing(name: str, for_rules: bool) -> None:
    (reading,) = read(name).readings
    assert (reading.quantity, reading.value, reading.for_rules) == ("smoke", 1.0, for_rules)


@pytest.mark.parametrize(
    ("name", "count"),
    [("qos1_redelivery", 2), ("burst_duplicates", 50), ("replay_frame_counter", 2)],
)
def test_repetitions_are_one_message(name: str, count: int) -> None:
    decoder = Decoder(admissions=[Admission(id="all")])
    found = [decoder.decode(message(name), NOW + n) for n in range(count)]
    assert [d.status for d in found] == ["ok"] + ["ignored"] * (count - 1)
    assert decoder.decode(message(name), NOW + 5000).status in ("ok", "ignored")


def test_a_flapping_contact_is_all_seen() -> None:
    """It is for rules to judge: each change is a reading."""
    decoder = Decoder(admissions=[Admission(id="all")])
    for n in range(200):
        state = b'{"contact":%s}' % (b"true" if n % 2 else b"false")
        decoded = decoder.decode(Packet("zigbee2mqtt/test_sensor", state), NOW + 50 * n)
        assert said(decoded) == {"contact_open": float(n % 2 == 0)}


def test_a_flood_of_one_device_leaves_the_others_alone() -> None:
    decoder = Decoder(admissions=[Admission(id="all")])
    flood = message("message_flood")
    kept = sum(bool(decoder.decode(flood, NOW + n // 10).readings) for n in range(20_000))
    assert kept <= 2, "2 seconds at 10,000 a second"
    assert said(decoder.decode(CLEAN, NOW)) == {"temperature": 20.5}


def test_counters() -> None:
    decoder = fresh()
    before = Packet("zigbee2mqtt/test_sensor", b'{"energy":12.05}')
    decoder.decode(before, NOW)
    (reset,) = decoder.decode(message("counter_reset"), NOW + 60_000).readings
    assert reset.for_rules, "a counter that falls was reset"
    (spike,) = decoder.decode(message("counter_spike"), NOW + 120_000).readings
    assert spike.quality & Quality.IMPLAUSIBLE, "46 kWh in a minute"


def test_smallest_number_of_a_register() -> None:
    assert not read("sentinel_int_min").readings


def test_a_units_lie_is_converted_as_declared() -> None:
    values = said(read("unit_lie"))
    assert values["temperature"] == pytest.approx(-3.833, abs=1e-3)
    assert values["pressure"] == pytest.approx(1350.8, abs=0.1)


def test_the_receivers_position_is_not_the_sensors() -> None:
    assert not {"lat", "lon"} & set(said(read("gateway_location_as_sensor")))


def test_positions_in_another_datum_keep_its_name() -> None:
    assert set(said(read("gcj02_coordinates"))) == {"lat_gcj02", "lon_gcj02"}


def test_lon_lat_in_one_text_is_not_guessed() -> None:
    assert not read("lon_lat_swapped").readings, "only JetLinks' own topics say the order"


def test_identity_is_the_topic() -> None:
    assert {r.device for r in read("device_impersonation").readings} == {"other_device"}


def test_a_device_may_send_only_as_itself() -> None:
    spec = DeviceSpec(id="other_device", sender="node-7")
    decoder = Decoder([spec])
    forged = message("device_impersonation")
    assert decoder.decode(forged, NOW).rejected == ("wrong_sender",)
    own = Packet(forged.topic, forged.payload, sender="node-7")
    assert said(decoder.decode(own, NOW)) == {"temperature": 99.0}


def test_a_picture_is_no_reading_to_forward_with_its_exif() -> None:
    """Only that a picture came: its bytes go through vision, which encodes them anew."""
    for reading in read("jpeg_exif_gps").readings:
        assert "somebody" not in str(reading.value)


def test_a_gap_of_a_sparkplug_node_is_noticed() -> None:
    decoder = fresh()
    topic = RECORDS["seq_gap"]["topic"]
    birth = sparkplug(0, name="t", alias=1, double_value=19.0)
    decoder.decode(Packet(topic.replace("NDATA", "NBIRTH"), birth), NOW)
    for seq in range(1, 6):
        assert not decoder.decode(
            Packet(topic, sparkplug(seq, alias=1, double_value=19.5)), NOW
        ).rejected
    assert decoder.decode(message("seq_gap"), NOW).rejected, "5, then 9"


def test_an_alias_without_a_birth_has_no_name() -> None:
    assert not read("alias_unknown").readings


def test_every_record_is_in_some_test() -> None:
    """Beside the two tests that run on all: nobody forgot one that the corpus has."""
    source = Path(__file__).read_text()
    assert not [name for name in RECORDS if name not in source]
