"""kill -9 at any moment: nothing acknowledged is missing, and what was pending goes on."""

import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.system.box import Box, stored, until

DEVICES = "  - {id: bin-1, name: Bin 1, dialect: zigbee2mqtt}\n"
HOT = """
rules:
  - {id: hot, kind: threshold, incident: heat, title: "{name} is hot",
     select: {quantity: temperature}, above: 30, for: 3s}
"""
TOPIC = "zigbee2mqtt/bin-1"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path, devices=DEVICES)
    box.write("rules/hot.yaml", HOT)
    yield box
    box.close()


def reading(value: float) -> tuple[str, str]:
    return TOPIC, json.dumps({"temperature": value})


def test_a_condition_that_was_pending_at_the_kill_opens_when_it_would_have(box: Box) -> None:
    box.start()
    box.publish(reading(35))
    box.kill()
    box.start()
    (incident,) = until(box.incidents, "the incident opens")
    assert incident.opened_at - incident.since == 3000
    assert incident.title == "Bin 1 is hot"


def test_an_open_incident_is_the_same_one_after_a_kill_and_closes(box: Box) -> None:
    box.start()
    box.publish(reading(35))
    (before,) = until(box.incidents, "the incident opens")
    box.kill()
    box.start()
    assert box.incidents() == [before]
    box.publish(reading(20))
    until(lambda: box.incidents()[0].status == "resolved", "it is resolved")
    assert [i.id for i in box.incidents()] == [before.id]


def test_a_stop_is_clean_and_leaves_all_behind(box: Box) -> None:
    box.start()
    box.publish(reading(21), reading(22))
    assert box.stop() == 0
    assert [r.value for r in stored(box.root)] == [21, 22]


class Sender(threading.Thread):  # noqa: TID251 - a device beside the test
    """A device that sends numbers and remembers which of them were acknowledged."""

    def __init__(self, port: int, first: int) -> None:
        super().__init__(daemon=True)
        self.acked: set[int] = set()
        self._next, self._mid = first, dict[int, int]()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_publish = lambda c, u, mid, *_: self.acked.add(self._mid[mid])
        self._client.connect("127.0.0.1", port)
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.is_set():
            message = mqtt.MQTTMessage()
            number = self._next
            with self._client._out_message_mutex:  # the id must be known before its answer
                message.mid = self._client._last_mid + 1
                self._mid[message.mid] = number
            self._client.publish(TOPIC, json.dumps({"counter": number}), qos=1)
            self._next += 1
            if self._client.loop(0.001) != mqtt.MQTT_ERR_SUCCESS:
                return


def test_nothing_acknowledged_is_lost_by_kills(box: Box) -> None:
    rng, acked, first = random.Random(7), set[int](), 0
    for _ in range(5):
        box.start()
        sender = Sender(box.mqtt, first)
        sender.start()
        until(lambda sender=sender: len(sender.acked) > 20, "some are acknowledged")
        time.sleep(rng.uniform(0, 0.3))
        box.kill()
        sender.stopped.set()
        sender.join(10)
        acked |= sender.acked
        first += 100_000
    kept = {int(r.value) for r in stored(box.root) if r.quantity == "counter"}
    assert len(acked) > 100
    assert acked <= kept


def test_a_broken_site_starts_nothing_and_says_where(box: Box) -> None:
    box.write("rules/hot.yaml", HOT.replace("above", "abov"))
    box.start(wait=False)
    assert box._process is not None
    assert box._process.wait(20) == 1
    box._process = None
    assert "rules/hot.yaml:4: 'abov' is not known here; did you mean 'above'?" in box.log()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", box.mqtt)) != 0
