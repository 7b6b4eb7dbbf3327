"""A site with a past to try rules on: a month of forty bins, and what people said of the incidents.

    python -m simulators.past DIR

The bins fill up and are emptied twice a day. Their rule is as one first writes it, and noisy: a
lid that stands open for a moment reads as a full bin. The operators have marked each incident:
taken up when the bin was full, a false alarm when it was a lid.
"""

import argparse
import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from gateway.incidents import incident_id
from gateway.model import Batch, Incident, Millis, Place, Reading, Signal, Subject
from gateway.store import Store, StoreSpec
from rules import backtest
from rules.backtest import Episode, Setting
from rules.kinds.threshold import Threshold
from rules.past import Track
from rules.selector import Names, Select

START: Millis = 1_788_192_000_000
"""2026-09-01, midnight in Shanghai."""
MINUTE = 60_000
EVERY = 10 * MINUTE
DAYS, BINS = 30, 40
EMPTIED = (7 * 6, 15 * 6)
"""Steps of the day at which the crew comes: 7:00 and 15:00."""
ZONE = ZoneInfo("Asia/Shanghai")
RULE = Threshold(
    id="bin-full",
    incident="overflowing_bin",
    title="垃圾桶满溢 {name}（{value}%）Bin full",
    select=Select(quantity=Names(["fill_level"])),
    above=85,
)
SITE = """site: {id: tuning, name: 调参示例 Tuning example}
sources: []
"""
RULES = """rules:
  - id: bin-full
    kind: threshold
    incident: overflowing_bin
    title: "垃圾桶满溢 {name}（{value}%）Bin full"
    select: {quantity: fill_level}
    above: 85
"""


class Bin(NamedTuple):
    """One bin's month: what the sensor said, and what was true."""

    id: str
    said: list[float]
    true: list[float]


def bins(seed: int = 1) -> list[Bin]:
    """The same month each time."""
    return [
        _bin(f"bin-{n:02}", Random(f"{seed}/{n}"))  # noqa: S311 - a simulation
        for n in range(1, BINS + 1)
    ]


def _bin(id: str, random: Random) -> Bin:
    rate, level, lid = random.uniform(0.4, 1.3), 20.0, 0
    said: list[float] = []
    true: list[float] = []
    for step in range(DAYS * 144):
        of_day = step % 144
        busy = 1.6 if 6 * 6 < of_day < 22 * 6 else 0.2
        level = min(100.0, level + max(0.0, random.gauss(rate, 0.5)) * busy)
        if of_day in EMPTIED and random.random() < 0.85:  # sometimes the crew does not come
            level = random.uniform(0, 8)
        lid = lid - 1 if lid else random.choice([1, 1, 2]) if random.random() < 0.004 else 0
        shown = 100.0 if lid else level + random.gauss(0, 1.5)
        said.append(round(min(100.0, max(0.0, shown))))
        true.append(level)
    return Bin(id, said, true)


def incidents(month: list[Bin]) -> Iterator[Incident]:
    """What the rule told, with what people made of it."""
    end = START + DAYS * 144 * EVERY
    at = START + np.arange(DAYS * 144, dtype=np.int64) * EVERY
    for one in month:
        track = Track(one.id, "fill_level", "%", at, np.array(one.said, float), {})
        subjects = {one.id: Subject(one.id)}
        for episode in backtest.judge(RULE, [track], Setting(subjects, ZONE), end):
            full = one.true[(episode.opened - START) // EVERY] > 80
            yield _incident(episode, "resolved" if full else "void")


def _incident(episode: Episode, status: str) -> Incident:
    closed = episode.closed or episode.opened + EVERY
    signal = Signal(RULE.id, episode.key, firing=True, at=episode.opened, since=episode.opened)
    return Incident(
        id=incident_id(signal),
        kind=RULE.incident,
        rule=RULE.id,
        key=episode.key,
        title=f"垃圾桶满溢 {episode.key} Bin full",
        severity="minor",
        status="void" if status == "void" else "resolved",
        place=Place(),
        opened_at=episode.opened,
        updated_at=closed,
        since=episode.opened,
        closed_at=closed,
        devices=episode.devices,
        handled_by="li.na",
    )


def write(root: Path) -> None:
    """Make the site in *root*, a folder that is not there yet."""
    month = bins()
    (root / "rules").mkdir(parents=True)
    (root / "gateway.yaml").write_text(SITE, "utf-8")
    (root / "rules" / "waste.yaml").write_text(RULES, "utf-8")
    (root / "cameras.yaml").write_text("cameras: []\n")
    devices = "".join(f"  - {{id: {b.id}, dialect: zigbee2mqtt, period: 10m}}\n" for b in month)
    (root / "devices.yaml").write_text(f"devices:\n{devices}")
    asyncio.run(_fill(root / "data" / "linli.db", month))


async def _fill(path: Path, month: list[Bin]) -> None:
    store = Store.open(path, StoreSpec())
    try:
        for step in range(DAYS * 144):
            at = START + step * EVERY
            # Spread over the ten minutes, as real ones do.
            readings = tuple(
                Reading(b.id, "fill_level", b.said[step], at + n * 10_000, unit="%")
                for n, b in enumerate(month)
            )
            await store.commit(Batch(at=readings[-1].at, readings=readings))
        told = sorted(incidents(month), key=lambda incident: incident.opened_at)
        await store.commit(Batch(at=START + DAYS * 144 * EVERY, incidents=tuple(told)))
    finally:
        await store.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder that is not there yet")
    folder = parser.parse_args().folder
    write(folder)
    print(f"{folder}: {DAYS} days of {BINS} bins")  # noqa: T201 - this is a command


if __name__ == "__main__":
    main()
