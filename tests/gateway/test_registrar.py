import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import yaml

from config.load import load
from config.located import Problem
from devices.decoder import Decoder, Unknown
from devices.registry import Admission, DeviceSpec, Pattern
from gateway.cli import main
from gateway.discovered import Discovered
from gateway.model import Duration, Item, Packet, Place, Quality, Reading
from gateway.ports import Ack
from gateway.registrar import FILE, Closed, Registrar, Unheard, Wish, Wrong, recalled
from gateway.revising import Unfit

NOW = 1_790_000_000_000
MINUTE = 60_000


class Clock:
    synced = True

    def now(self) -> int:
        return NOW

    async def sleep_until(self, when: int) -> None:
        await asyncio.Event().wait()


class Inbox:
    def __init__(self) -> None:
        self.packets: list[Packet] = []

    async def put(self, items: Sequence[Item], ack: Ack | None = None) -> None:
        self.packets += [item for item in items if isinstance(item, Packet)]


class Workshop:
    """A site on disk, changed as the real one does it."""

    def __init__(self, root: Path) -> None:
        self.root, self.saved = root, list[tuple[str, str]]()
        self.config: Any = load(root)

    async def text(self, file: str) -> str:
        return (self.root / file).read_text()

    async def check(self, files: Mapping[str, str]) -> list[str]:
        return [f"{name}: it stinks" for name, text in files.items() if self._stinks(text)]

    def _stinks(self, text: str) -> bool:
        return any(entry.get("name") == "skunk" for entry in yaml.safe_load(text)["devices"])

    async def save(
        self, files: Mapping[str, str], who: str, why: str, expect: int | None = None
    ) -> None:
        if stinks := [name for name, text in files.items() if self._stinks(text)]:
            raise Unfit([Problem(name, 1, "it stinks") for name in stinks])
        for name, text in files.items():
            (self.root / name).write_text(text)
        self.config = load(self.root)
        self.saved.append((who, why))


def put(text: str, section: str, entry: Mapping[str, Any]) -> str:
    document = yaml.safe_load(text)
    document[section] = [*(document.get(section) or []), dict(entry)]
    return str(yaml.safe_dump(document, sort_keys=False))


class Stage(SimpleNamespace):
    """Everything around a registrar."""

    discovered: Discovered
    workshop: Workshop
    inbox: Inbox
    registrar: Registrar

    def hear(self, address: str, *values: float, sender: str = "", dialect: str = "tasmota") -> str:
        for n, value in enumerate(values):
            at = NOW - (len(values) - n) * MINUTE
            reading = Reading(address, "temperature", value, at, None, 0, "Cel")
            unknown = Unknown(dialect, address, f"tele/{address}/SENSOR", (reading,), sender)
            self.discovered.update([unknown], at)
        return next(iter(self.discovered)).id

    def stored(self) -> list[Reading]:
        """What the site makes of what was handed in."""
        decoder = Decoder(self.workshop.config.devices, repeated=Duration(0))
        found = [decoder.decode(packet, NOW) for packet in self.inbox.packets]
        assert all(decoded.status == "ok" and not decoded.unknown for decoded in found)
        return [reading for decoded in found for reading in decoded.readings]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    main(["init", str(tmp_path / "site")])
    discovered, inbox, workshop = Discovered(), Inbox(), Workshop(tmp_path / "site")
    file = tmp_path / "strangers"
    registrar = Registrar(
        discovered, lambda: workshop.config, inbox, Clock(), file, (workshop, put)
    )
    return Stage(
        discovered=discovered, inbox=inbox, workshop=workshop, registrar=registrar, file=file
    )


async def test_who_is_admitted_stands_in_the_site(stage: Stage) -> None:
    id = stage.hear("attic_7", 20.0, 21.0)
    wish = Wish(name="Attic", place=Place(lat=39.9087, lon=116.3975), tags=frozenset({"climate"}))
    assert await stage.registrar.admit(id, wish, "omar") == "attic_7"
    spec: DeviceSpec = stage.workshop.config.devices[-1]
    assert (spec.id, spec.dialect, spec.name, spec.tags) == (
        "attic_7",
        "tasmota",
        "Attic",
        {"climate"},
    )
    assert spec.place.grid == "110101001001001"
    assert stage.workshop.saved == [("omar", "admitted attic_7")]
    assert list(stage.discovered) == []


async def test_what_was_kept_is_stored_at_its_time_and_judged_by_no_rule(stage: Stage) -> None:
    await stage.registrar.admit(stage.hear("a", 20.0, 21.0), Wish(), "omar")
    assert [(r.device, r.value, r.measured_at, r.unit) for r in stage.stored()] == [
        ("a", 20.0, NOW - 2 * MINUTE, "Cel"),
        ("a", 21.0, NOW - MINUTE, "Cel"),
    ]
    assert all(reading.quality & Quality.LATE for reading in stage.stored())


async def test_a_device_may_speak_only_through_whom_it_was_admitted(stage: Stage) -> None:
    await stage.registrar.admit(stage.hear("a", 20.0, sender="bridge"), Wish(), "omar")
    assert [reading.value for reading in stage.stored()] == [20.0]
    decoder = Decoder(stage.workshop.config.devices)
    forged = Packet("tele/a/SENSOR", b'{"AM2301":{"Temperature":99}}', sender="mallory")
    assert decoder.decode(forged, NOW).rejected == ("wrong_sender",)


async def test_an_address_that_is_no_id_makes_one(stage: Stage) -> None:
    id = stage.hear("garden/well 1", 20.0)
    assert await stage.registrar.admit(id, Wish(), "omar") == "garden-well-1"
    assert stage.workshop.config.devices[-1].address == "garden/well 1"
    again = stage.hear("garden well 1", 20.0)
    assert await stage.registrar.admit(again, Wish(), "omar") == "garden-well-1-2"


async def test_a_mapping_names_what_was_kept(stage: Stage) -> None:
    wish = Wish(map={"temperature": "water_temperature"})
    await stage.registrar.admit(stage.hear("a", 20.0), wish, "omar")
    assert [reading.quantity for reading in stage.stored()] == ["water_temperature"]


async def test_the_period_is_learnt_from_what_it_said(stage: Stage) -> None:
    await stage.registrar.admit(stage.hear("a", *map(float, range(10))), Wish(), "omar")
    assert stage.workshop.config.devices[-1].period == Duration(MINUTE)


async def test_an_entry_that_is_wrong_is_not_saved_and_nothing_is_lost(stage: Stage) -> None:
    id = stage.hear("a", 20.0)
    with pytest.raises(Wrong, match="it stinks"):
        await stage.registrar.admit(id, Wish(name="skunk"), "omar")
    assert (stage.workshop.saved, len(list(stage.discovered))) == ([], 1)


async def test_without_a_workshop_nobody_is_admitted_and_a_hand_still_counts(stage: Stage) -> None:
    site = stage.workshop
    alone = Registrar(stage.discovered, lambda: site.config, stage.inbox, Clock(), stage.file)
    with pytest.raises(Closed):
        await alone.admit(stage.hear("a", 20.0), Wish(), "omar")
    await site.save({FILE: put(await site.text(FILE), "devices", {"id": "a"})}, "disk", "")
    await alone.look()
    assert [reading.value for reading in stage.stored()] == [20.0]


async def test_nobody_is_admitted_twice(stage: Stage) -> None:
    id = stage.hear("a", 20.0)
    await stage.registrar.admit(id, Wish(), "omar")
    with pytest.raises(Unheard):
        await stage.registrar.admit(id, Wish(), "omar")


async def test_patterns_let_in_at_the_next_look(stage: Stage) -> None:
    text = put(
        await stage.workshop.text(FILE),
        "admit",
        {"id": "leaks", "address": "leak-*", "dialect": "tasmota", "name": "Leak {address}"},
    )
    await stage.workshop.save({FILE: text}, "ada", "leaks come by themselves")
    for address in ("leak-1", "leak-2", "lamp-1"):
        stage.hear(address, 20.0)
    await stage.registrar.look()
    assert {spec.id: spec.name for spec in stage.workshop.config.devices[1:]} == {
        "leak-1": "Leak leak-1",
        "leak-2": "Leak leak-2",
    }
    assert [stranger.address for stranger in stage.discovered] == ["lamp-1"]
    assert stage.workshop.saved[-1] == ("admit: leaks", "2 devices fit a pattern")
    assert {reading.device for reading in stage.stored()} == {"leak-1", "leak-2"}


async def test_a_pattern_that_makes_a_wrong_site_stops_nothing(stage: Stage) -> None:
    entry = {"id": "all", "name": "skunk"}
    text = put(await stage.workshop.text(FILE), "admit", entry)
    await stage.workshop.save({FILE: text}, "ada", "")
    stage.hear("a", 20.0)
    await stage.registrar.look()
    await stage.registrar.look()
    assert [stranger.address for stranger in stage.discovered] == ["a"]
    assert len(stage.workshop.config.devices) == 1


async def test_who_was_entered_by_hand_has_its_readings_too(stage: Stage) -> None:
    stage.hear("a", 20.0)
    text = put(await stage.workshop.text(FILE), "devices", {"id": "loft", "address": "a"})
    await stage.workshop.save({FILE: text}, "disk", "")
    await stage.registrar.look()
    assert [(r.device, r.value) for r in stage.stored()] == [("loft", 20.0)]


async def test_who_is_ignored_is_forgotten_and_nobody_else(stage: Stage) -> None:
    await stage.registrar.ignore(stage.hear("a[1]*", 20.0), "omar")
    await stage.registrar.look()
    stage.hear("a1b", 20.0)
    assert [stranger.address for stranger in stage.discovered] == ["a1b"]
    (pattern,) = stage.workshop.config.ignore
    assert pattern.fits("tasmota", "a[1]*", "x")
    assert not pattern.fits("tasmota", "a1b", "x")


async def test_strangers_are_written_at_the_end(stage: Stage) -> None:
    stage.hear("a", 20.0)
    task = asyncio.create_task(stage.registrar.watch())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [stranger.address for stranger in recalled(stage.file)] == ["a"]


@pytest.mark.parametrize("blob", [None, b"", b"\xc1", msgspec.msgpack.encode({"a": 1})])
def test_a_file_that_cannot_be_read_is_a_fresh_start(tmp_path: Path, blob: bytes | None) -> None:
    if blob is not None:
        (tmp_path / "strangers").write_bytes(blob)
    assert list(recalled(tmp_path / "strangers")) == []


def test_a_pattern_fits_by_dialect_address_and_topic() -> None:
    pattern = Pattern(id="p", address="bin-*", dialect="flat_json", topic="site/+/up")
    assert pattern.fits("flat_json", "bin-1", "site/bin-1/up")
    assert not pattern.fits("tasmota", "bin-1", "site/bin-1/up")
    assert not pattern.fits("flat_json", "lamp-1", "site/bin-1/up")
    assert not pattern.fits("flat_json", "bin-1", "site/bin-1/down")
    assert Admission(id="all").fits("any", "thing", "at/all")
