"""What cannot be reached stops nothing else: it is tried again, shown and counted."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.box import Box, free_port, until


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    nobody = free_port()
    parts = f"""
  - {{kind: mqtt_broker, id: mosquitto, host: 127.0.0.1, port: {nobody}}}
sinks:
  - {{kind: cloud_events, id: city, url: "http://127.0.0.1:{nobody}/events"}}
  - {{kind: influx, id: history, url: "http://127.0.0.1:{nobody}", bucket: linli}}
"""
    devices = "  - {id: bin-1, name: Bin 1, dialect: zigbee2mqtt}\n"
    cameras = f"  - {{id: gate, url: 'rtsp://127.0.0.1:{nobody}/live'}}\n"
    box = Box(tmp_path, parts=parts, devices=devices, cameras=cameras)
    box.write(
        "rules/hot.yaml",
        "rules:\n  - {id: hot, kind: threshold, incident: heat,"
        " select: {quantity: temperature}, above: 30}\n",
    )
    yield box
    box.close()


def test_all_around_is_down_and_a_reading_is_still_judged_and_kept(box: Box) -> None:
    box.start()
    box.publish(("zigbee2mqtt/bin-1", json.dumps({"temperature": 35})))
    (incident,) = until(box.incidents, "the incident opens")
    assert incident.rule == "hot"

    def shown() -> bool:
        parts = json.loads(box.get("/health"))["parts"]
        states = {part["name"]: part["state"] for part in parts}
        down = ("mosquitto", "city", "history", "camera:gate")
        return all(states.get(name) in ("retrying", "failed") for name in down)

    until(shown, f"everything that is down is shown as such: {box.get('/health').decode()}")
    sinks = {sink["id"]: sink for sink in json.loads(box.get("/api/v1/sinks"))}
    assert sinks["city"]["waiting"] == 1


def test_hostile_messages_are_counted_and_the_next_one_is_served(box: Box) -> None:
    box.start()
    poison: list[tuple[str, str | bytes]] = [
        ("zigbee2mqtt/bin-1", b"\xff\xfe\x00"),
        ("zigbee2mqtt/bin-1", b'{"temperature":' + b"[" * 5000),
        ("zigbee2mqtt/bin-1", b'{"temperature":1e999}'),
        ("a" * 1000, b"x" * 500_000),
    ]
    box.publish(*poison, ("zigbee2mqtt/bin-1", json.dumps({"temperature": 36})))
    until(box.incidents, "the reading behind the hostile ones is judged")
    assert len(json.loads(box.get("/api/v1/quarantine"))) >= 2
    assert 'linli_packets_total{part="zigbee2mqtt",why="malformed"}' in box.get("/metrics").decode()


def test_a_device_that_nobody_entered_is_shown_with_what_it_says(box: Box) -> None:
    box.start()
    box.publish(("zigbee2mqtt/stranger", json.dumps({"temperature": 19.5})))
    (stranger,) = until(lambda: json.loads(box.get("/api/v1/discovered")), "it is shown")
    assert (stranger["address"], stranger["samples"]["temperature"]) == ("stranger", 19.5)
