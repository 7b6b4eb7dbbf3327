"""kill -9 while conditions wait for their `for`: each opens at the instant at which it would have.

What the journal holds in the end is judged by an engine that was never interrupted; the incidents
that the killed gateways told have to be the same, to the millisecond.
"""

import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gateway.model import Duration, Incident, Reading, Subject
from rules.engine import Engine
from rules.kinds.threshold import Threshold
from rules.selector import Names, Select
from tests.system.box import Box, stored, until

WAIT = Duration.parse("3s")
HOT = Threshold(
    id="hot", incident="heat", select=Select(quantity=Names(["temperature"])), above=30, wait=WAIT
)
RULES = f"""
rules:
  - {{id: hot, kind: threshold, incident: heat, select: {{quantity: temperature}}, above: 30,
     for: {WAIT}}}
"""


class Opening(NamedTuple):
    device: str
    since: int
    opened: int


def killed(root: Path, n: int, chance: random.Random) -> Box:
    """A gateway that was killed *n* times, each time soon after another device grew hot; some
    cool down before their time."""
    root.mkdir()
    devices = "".join(f"  - {{id: bin-{k}, dialect: zigbee2mqtt}}\n" for k in range(n))
    box = Box(root, devices=devices)
    box.write("rules/hot.yaml", RULES)
    for k in range(n):
        box.start()
        box.publish(said(k, 35))
        if k and chance.random() < 0.3:
            box.publish(said(k - 1, 20))
        time.sleep(chance.uniform(0, WAIT.seconds))
        box.kill()
    return box


def said(device: int, value: float) -> tuple[str, str]:
    return f"zigbee2mqtt/bin-{device}", json.dumps({"temperature": value})


def expected(readings: Sequence[Reading]) -> set[Opening]:
    """What an engine tells that nobody kills."""
    engine = Engine([HOT], {one.device: Subject(one.device) for one in readings})
    signals = [signal for one in readings for signal in engine.observe(one)]
    signals += engine.advance(readings[-1].at + 10 * WAIT)
    return {Opening(s.key, s.since, s.at) for s in signals if s.firing and not s.update}


def told(box: Box, wanted: set[Opening]) -> set[Opening]:
    """What the gateway has told, started once more."""
    box.start()
    until(lambda: len(box.incidents()) >= len(wanted), "what was pending opens")
    found: list[Incident] = box.incidents()
    box.stop()
    return {Opening(i.key, i.since, i.opened_at) for i in found}


def journal(box: Box) -> list[Reading]:
    return stored(box.root)
