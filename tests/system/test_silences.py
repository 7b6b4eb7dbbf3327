"""A silence laid and lifted on a running gateway: no restart, and nothing is forgotten."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.box import PATIENCE, TOKEN, Box, until

HOT = """
rules:
  - {id: hot, kind: threshold, incident: heat, select: {quantity: temperature}, above: 30}
"""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path, devices="  - {id: bin-1, dialect: zigbee2mqtt}\n")
    box.write("rules/hot.yaml", HOT)
    box.start()
    yield box
    box.close()


def ask(box: Box, method: str, path: str, body: Any = None) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{box.http}/api/v1/silences{path}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return int(answer.status)


def test_what_it_held_back_opens_when_it_is_lifted_also_after_a_kill(box: Box) -> None:
    box.get("/health")
    works = {"id": "works", "reason": "boiler test", "owner": "Wang", "until": "2100-01-01"}
    assert ask(box, "POST", "", works) == 201
    box.publish(("zigbee2mqtt/bin-1", '{"temperature": 35}'))
    box.kill()
    box.start()
    assert box.incidents() == []
    assert ask(box, "DELETE", "/works") == 204
    (incident,) = until(box.incidents, "the incident opens")
    assert incident.opened_at > incident.since
    assert incident.reasons[-1].text == "held back by the silence works: boiler test (Wang)"
