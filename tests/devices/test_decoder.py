from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codec import Codec, Memory, Message, Value
from devices.decoder import MAX_BYTES, Decoder, codecs
from devices.registry import Admission, Calibration, DeviceSpec, Mapped
from gateway.model import Duration, Packet, Quality
from tests.devices.cases import NOW, fresh


def said(decoder: Decoder, topic: str, payload: str, **more: object) -> dict[str, float | str]:
    packet = Packet(topic, payload.encode(), **more)  # type: ignore[arg-type]  # by name
    return {r.quantity: r.value for r in decoder.decode(packet, NOW).readings}


def test_the_registered_id_is_the_device() -> None:
    decoder = Decoder([DeviceSpec(id="bin-3", dialect="zigbee2mqtt", address="0x01")])
    packet = Packet("zigbee2mqtt/0x01", b'{"temperature":20.5,"last_seen":1795219199000}')
    decoded = decoder.decode(packet, NOW)
    (reading,) = decoded.readings
    assert reading.device == "bin-3"
    assert (reading.at, reading.measured_at) == (NOW, 1_795_219_199_000)
    assert (decoded.status, decoded.dialect, decoded.unknown) == ("ok", "zigbee2mqtt", ())


def test_an_unknown_device_is_shown_and_gives_no_reading() -> None:
    decoded = Decoder().decode(Packet("zigbee2mqtt/new", b'{"temperature":20}'), NOW)
    assert decoded.status == "ok"
    assert decoded.readings == ()
    (unknown,) = decoded.unknown
    assert (unknown.dialect, unknown.device, unknown.topic) == (
        "zigbee2mqtt",
        "new",
        "zigbee2mqtt/new",
    )
    assert unknown.readings[0].value == 20.0


def test_a_mapping_gives_meaning_and_leaves_the_rest_out() -> None:
    spec = DeviceSpec(
        id="well",
        topic="garden/well",
        dialect="flat_json",
        map={"d.lvl": Mapped("water_level", "cm"), "t": "temperature", "mode": "status"},
    )
    decoder = Decoder([spec])
    payload = '{"d":{"lvl":12},"t":20,"x":99,"mode":"auto"}'
    assert said(decoder, "garden/well", payload) == {
        "water_level": 120.0,
        "temperature": 20.0,
        "status": "auto",
    }
    nothing = decoder.decode(Packet("garden/well", b'{"x":1}'), NOW)
    assert (nothing.status, nothing.reason) == ("ignored", "the mapping asks for nothing in it")


def test_a_bare_value_is_mapped_by_the_last_part_of_its_topic() -> None:
    spec = DeviceSpec(id="well", topic="garden/well/#", map={"lvl": Mapped("water_level", "cm")})
    assert said(Decoder([spec]), "garden/well/lvl", "12") == {"water_level": 120.0}


def test_calibration() -> None:
    spec = DeviceSpec(id="d", calibrate={"temperature": Calibration(offset=-0.5, scale=2.0)})
    assert said(Decoder([spec]), "zigbee2mqtt/d", '{"temperature":20,"humidity":40}') == {
        "temperature": 39.5,
        "humidity": 40.0,
    }


def test_parts_of_a_registered_device_are_kept_under_it() -> None:
    topic, payload = (
        "tele/k/SENSOR",
        '{"DS18B20-1":{"Temperature":1},"DS18B20-2":{"Temperature":2}}',
    )
    assert said(Decoder([DeviceSpec(id="k")]), topic, payload) == {
        "temperature#DS18B20-1": 1.0,
        "temperature#DS18B20-2": 2.0,
    }
    decoder = Decoder([DeviceSpec(id="k"), DeviceSpec(id="f", address="k#DS18B20-2")])
    found = decoder.decode(Packet(topic, payload.encode()), NOW).readings
    assert [(r.device, r.quantity) for r in found] == [
        ("k", "temperature#DS18B20-1"),
        ("f", "temperature"),
    ]


def test_the_named_dialect_wins() -> None:
    spec = DeviceSpec(id="d", topic="zigbee2mqtt/odd", dialect="flat_json")
    decoded = Decoder([spec]).decode(Packet("zigbee2mqtt/odd", b'{"temperature":20}'), NOW)
    assert decoded.dialect == "flat_json"
    named = Packet("x", b'{"temperature":20}', dialect="zigbee2mqtt")
    assert fresh().decode(named, NOW).dialect == "zigbee2mqtt"
    wrong = fresh().decode(Packet("x", b"{}", dialect="klingon"), NOW)
    assert (wrong.status, wrong.reason) == ("malformed", "there is no dialect 'klingon'")


@pytest.mark.parametrize(
    ("age", "quality"), [(0, 0), (14 * 60_000, 0), (16 * 60_000, Quality.LATE)]
)
def test_late(age: int, quality: int) -> None:
    payload = b'{"temperature":20,"ts":%d}' % (NOW - age)
    (reading,) = fresh().decode(Packet("zigbee2mqtt/d", payload), NOW).readings
    assert reading.quality == quality


def test_repeated_bytes_are_one_message_for_a_second() -> None:
    decoder = Decoder(admissions=[Admission(id="all")])
    packet = Packet("zigbee2mqtt/d", b'{"temperature":20}')
    when = [0, 10, 999, 1001, 1500, 2002]
    found = [decoder.decode(packet, NOW + after).status for after in when]
    assert found == ["ok", "ignored", "ignored", "ok", "ignored", "ok"]
    retained = Packet("zigbee2mqtt/d", b'{"temperature":20}', retained=True)
    assert decoder.decode(retained, NOW + 2003).status == "ok"


def test_a_burst_longer_than_a_second_is_still_sampled() -> None:
    """Counting from the first kept message: a lamp that blinks for an hour is not silent."""
    decoder = Decoder(admissions=[Admission(id="all")], repeated=Duration(1000))
    packet = Packet("zigbee2mqtt/d", b'{"temperature":20}')
    kept = sum(decoder.decode(packet, NOW + 100 * n).status == "ok" for n in range(100))
    assert kept == 10


def test_memory_survives_a_restart() -> None:
    before = fresh()
    config = (
        b'{"stat_t":"h/t","unit_of_meas":"\xc2\xb0F","dev_cla":"temperature","dev":{"ids":["n"]}}'
    )
    before.decode(Packet("homeassistant/sensor/n/t/config", config, retained=True), NOW)
    after = fresh()
    after.restore(before.snapshot())
    assert said(after, "h/t", "50") == {"temperature": 10.0}
    after.restore(b"")


def test_names_without_end() -> None:
    long = "x" * 60_000
    decoded = fresh().decode(Packet(f"zigbee2mqtt/{long}", b'{"temperature":20}'), NOW)
    assert (decoded.status, decoded.rejected) == ("malformed", ("too_long",))
    decoded = fresh().decode(Packet(f"a/{long}", b"20"), NOW)
    assert (decoded.readings, decoded.unknown) == ((), ())


def test_too_long() -> None:
    decoded = fresh().decode(Packet("cam/1/jpg", b"\xff\xd8" + bytes(MAX_BYTES)), NOW)
    assert decoded.status == "malformed"


def test_a_codec_with_a_mistake_is_contained(monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(message: Message, memory: Memory) -> Sequence[Value]:
        raise KeyError("oops")

    decoder = fresh()
    broken = Codec("zigbee2mqtt", lambda message: True, mistaken, priority=1)
    monkeypatch.setitem(decoder._codecs, "zigbee2mqtt", broken)
    decoded = decoder.decode(Packet("a", b"{}", dialect="zigbee2mqtt"), NOW)
    assert (decoded.status, decoded.rejected) == ("malformed", ("codec_failed",))


def test_dialects_are_asked_in_order() -> None:
    priorities = [codec.priority for codec in codecs().values()]
    assert priorities == sorted(priorities)
    assert [*codecs()][-2:] == ["flat_json", "plain_scalar"]


TOPIC = st.sampled_from(
    [
        "zigbee2mqtt/a",
        "tele/a/SENSOR",
        "a/b",
        "homeassistant/sensor/a/b/config",
        "shellies/a/relay/0",
    ]
) | st.text(max_size=12)


@settings(deadline=None)
@given(st.lists(st.tuples(TOPIC, st.binary(max_size=60), st.booleans()), max_size=5))
def test_never_raises_and_never_changes_the_next(messages: list[tuple[str, bytes, bool]]) -> None:
    decoder = fresh()
    for topic, payload, retained in messages:
        decoded = decoder.decode(Packet(topic, payload, retained=retained), NOW)
        assert decoded.status in ("ok", "ignored", "malformed")
        assert "codec_failed" not in decoded.rejected
    clean = Packet("zigbee2mqtt/clean", b'{"temperature":20.5}')
    assert decoder.decode(clean, NOW) == fresh().decode(clean, NOW)
