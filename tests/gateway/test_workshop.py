"""The door through which a running site is changed, with a real store and a real site on disk."""

import asyncio
import getpass
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from config.load import load
from config.schema import Config
from gateway import site_notes
from gateway.revising import Conflict, Unfit
from gateway.store import Store, StoreSpec
from gateway.workshop import PART, Change, Workshop, finish
from gateway.yaml_edit import put
from tests.gateway.watch import Watch

GATEWAY = "site: {id: demo}\n"
RULES = """rules:
  # bins fill faster in summer
  - id: bin-full
    kind: threshold
    incident: overflowing_bin
    select: {quantity: fill_level}
    above: 90   # percent
"""
DEVICES = "devices:\n  - {id: bin-1, dialect: zigbee2mqtt}\n"
OTHER = RULES.replace("above: 90 ", "above: 80 ")
BROKEN = RULES.replace("above: 90 ", "above: high ")
FILE = "rules/waste.yaml"


class Clock:
    """Whoever waits is woken by hand, so that each look for changes is a step of the test."""

    synced = True

    def __init__(self) -> None:
        self.time = 1_790_000_000_000
        self.tick = asyncio.Event()

    def now(self) -> int:
        return self.time

    async def sleep_until(self, when: int) -> None:
        self.time = max(self.time, when)
        await self.tick.wait()
        self.tick.clear()


class Gateway:
    """What is put in force, in order."""

    def __init__(self) -> None:
        self.adopted: list[Config] = []

    async def apply(self, config: Config) -> tuple[str, ...]:
        self.adopted.append(config)
        return ()


def write_site(root: Path) -> None:
    (root / "rules").mkdir(parents=True)
    (root / "data").mkdir()
    (root / "gateway.yaml").write_text(GATEWAY)
    (root / "devices.yaml").write_text(DEVICES)
    (root / "cameras.yaml").write_text("cameras: []\n")
    (root / FILE).write_text(RULES)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_site(tmp_path)
    return tmp_path


@pytest.fixture
async def store(site: Path) -> AsyncIterator[Store]:
    store = Store.open(site / "data" / "linli.db", StoreSpec())
    yield store
    await store.aclose()


class Rig:
    def __init__(self, site: Path, store: Store) -> None:
        self.site, self.clock, self.watch, self.gateway = site, Clock(), Watch(), Gateway()
        self.shop = Workshop(
            load(site), store.revisions, self.clock, self.watch, self.gateway.apply
        )

    @property
    def limit(self) -> float:
        (rule,) = self.shop.config.rules
        return float(rule.above)  # type: ignore[attr-defined]  # a threshold, see RULES

    async def look(self) -> None:
        """Let the watch look once for what was changed by hand."""
        self.clock.tick.set()
        await asyncio.sleep(0.2)


@pytest.fixture
def rig(site: Path, store: Store) -> Rig:
    return Rig(site, store)


async def test_a_change_is_checked_written_put_in_force_and_recorded(rig: Rig) -> None:
    made = await rig.shop.save({FILE: OTHER}, "mei", "summer")
    assert (rig.site / FILE).read_text() == OTHER
    assert rig.limit == 80
    assert [config.rules for config in rig.gateway.adopted] == [rig.shop.config.rules]
    assert (made.who, made.why, made.files) == ("mei", "summer", (FILE,))
    assert await rig.shop.revisions() == [made]
    found = await rig.shop.revision(made.id)
    assert found is not None
    assert (found[1].before, found[1].after) == ({FILE: RULES}, {FILE: OTHER})
    assert not (rig.site / "data" / "change.json").exists()


async def test_a_wrong_change_changes_nothing_and_says_every_problem(rig: Rig) -> None:
    wrong = BROKEN + "  - {id: more, kind: treshold}\n"
    with pytest.raises(Unfit) as unfit:
        await rig.shop.save({FILE: wrong}, "mei", "")
    assert [(p.file, p.line) for p in unfit.value.problems] == [(FILE, 7), (FILE, 8)]
    assert [p.line for p in await rig.shop.check({FILE: wrong})] == [7, 8]
    assert (rig.site / FILE).read_text() == RULES
    assert rig.gateway.adopted == []
    assert await rig.shop.revisions() == []


async def test_secrets_and_what_lies_outside_are_not_touched(rig: Rig) -> None:
    for name in ("secrets.yaml", "users.yaml", "../x.yaml", "rules/../../x.yaml", "data/linli.db"):
        with pytest.raises(Unfit):
            await rig.shop.save({name: "a: b\n"}, "mei", "")
        with pytest.raises(Unfit):
            await rig.shop.text(name)


async def test_the_second_of_two_who_saw_the_same_is_told(rig: Rig) -> None:
    first = await rig.shop.save({FILE: OTHER}, "mei", "")

    async def change(limit: int) -> int | str:
        text = OTHER.replace("above: 80 ", f"above: {limit} ")
        try:
            return (await rig.shop.save({FILE: text}, "mei", "", first.id)).id
        except Conflict as conflict:
            return str(conflict)

    async with asyncio.TaskGroup() as tasks:
        both = [tasks.create_task(change(limit)) for limit in (70, 60)]
    won, lost = (task.result() for task in both)
    assert won == first.id + 1
    assert lost == f"revision {won} by mei came in between"
    assert rig.limit == 70


async def test_the_way_back_is_a_change_like_any_other(rig: Rig) -> None:
    made = await rig.shop.save({FILE: OTHER, "rules/new.yaml": "rules: []\n"}, "mei", "")
    back = await rig.shop.roll_back(made.id, "ada", "too many")
    assert (rig.site / FILE).read_text() == RULES
    assert not (rig.site / "rules/new.yaml").exists()
    assert rig.limit == 90
    assert (back.id, back.who) == (made.id + 1, "ada")
    with pytest.raises(KeyError):
        await rig.shop.roll_back(99, "ada", "")


async def test_what_is_changed_by_hand_is_noticed(rig: Rig) -> None:
    watching = asyncio.create_task(rig.shop.watch())
    await asyncio.sleep(0.1)
    (rig.site / FILE).write_text(BROKEN)
    await rig.look()
    assert rig.limit == 90
    assert rig.gateway.adopted == []
    assert rig.watch.states[PART][0] == "failed"
    assert f"{FILE}:7" in rig.watch.states[PART][1]
    (rig.site / FILE).write_text(OTHER)
    await rig.look()
    assert rig.limit == 80
    assert rig.watch.states[PART][0] == "ok"
    (made,) = await rig.shop.revisions()
    assert (made.who, made.files) == ("disk", (FILE,))
    assert (await rig.shop.revision(made.id))[1].before == {FILE: RULES}  # what was in force
    await rig.look()
    assert len(rig.gateway.adopted) == 1
    watching.cancel()


async def test_a_note_beside_the_files_says_who_and_why(rig: Rig) -> None:
    watching = asyncio.create_task(rig.shop.watch())
    await asyncio.sleep(0.1)
    site_notes.leave(rig.site, {FILE: OTHER}, "fewer reports")
    (rig.site / FILE).write_text(OTHER)
    await rig.look()
    (made,) = await rig.shop.revisions()
    assert (made.who, made.why) == (getpass.getuser(), "fewer reports")
    watching.cancel()


async def test_a_file_that_is_gone_is_recorded_once(rig: Rig) -> None:
    await rig.shop.save({"rules/new.yaml": "rules: []\n"}, "mei", "")
    await rig.shop.save({"rules/new.yaml": ""}, "mei", "")
    watching = asyncio.create_task(rig.shop.watch())
    await asyncio.sleep(0.1)
    await rig.look()
    await rig.look()
    assert [made.who for made in await rig.shop.revisions()] == ["mei", "mei"]
    watching.cancel()


async def test_a_broken_file_does_not_hinder_its_repair(rig: Rig) -> None:
    watching = asyncio.create_task(rig.shop.watch())
    await asyncio.sleep(0.1)
    (rig.site / FILE).write_text(BROKEN)
    await rig.look()
    made = await rig.shop.save({FILE: OTHER}, "mei", "repaired")
    assert rig.limit == 80
    assert (await rig.shop.revision(made.id))[1].before == {FILE: RULES}
    assert rig.watch.states[PART][0] == "ok"
    watching.cancel()


async def test_a_hand_edit_undone_by_hand_ends_the_complaint(rig: Rig) -> None:
    watching = asyncio.create_task(rig.shop.watch())
    await asyncio.sleep(0.1)
    (rig.site / FILE).write_text(BROKEN)
    await rig.look()
    (rig.site / FILE).write_text(RULES)
    await rig.look()
    assert rig.watch.states[PART][0] == "ok"
    watching.cancel()


async def test_what_was_changed_while_it_was_off_is_recorded(site: Path, store: Store) -> None:
    rig = Rig(site, store)
    await rig.shop.save({FILE: OTHER}, "mei", "")
    (site / FILE).write_text(RULES)
    again = Rig(site, store)
    watching = asyncio.create_task(again.shop.watch())
    await asyncio.sleep(0.1)
    newest = (await again.shop.revisions())[0]
    assert (newest.who, newest.why) == ("disk", "changed while it was off")
    watching.cancel()


TWO = {FILE: OTHER, "devices.yaml": put(DEVICES, "devices", {"id": "bin-2", "name": "new"})}
SAVER = """
import sys
from pathlib import Path
import msgspec
from gateway.workshop import Change, _write_all
_write_all(Path(sys.argv[1]), msgspec.json.decode(sys.stdin.buffer.read(), type=Change))
"""


@pytest.mark.parametrize(
    "point", ["workshop.decided:1", "workshop.written:1", "workshop.written:2"]
)
def test_a_kill_while_files_are_written_leaves_the_new_site_at_the_next_start(
    site: Path, point: str
) -> None:
    before = {name: (site / name).read_text() for name in TWO}
    change = msgspec.json.encode(Change("mei", "two files", before, TWO))
    saver = subprocess.run(
        [sys.executable, "-c", SAVER, str(site)],
        input=change,
        env={**os.environ, "LINLI_FAILPOINT": point},
        check=False,
    )
    assert saver.returncode == -signal.SIGKILL
    finish(site)
    assert {name: (site / name).read_text() for name in TWO} == TWO
    assert [device.id for device in load(site).devices] == ["bin-1", "bin-2"]


def test_half_a_decision_is_none(site: Path) -> None:
    (site / "data" / "change.json").write_bytes(b'{"who": "mei", "wh')
    finish(site)
    assert (site / FILE).read_text() == RULES
    assert not (site / "data" / "change.json").exists()
