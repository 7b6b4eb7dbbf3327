"""What every destination for incidents that the scan finds must do. A sink is added by adding
its world (tests/contracts/worlds.py)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec.structs import replace

import gateway.sinks
from gateway.model import Envelope, Phase, Place, Reason, Severity
from gateway.plugins import subclasses
from gateway.ports import Retry, SinkSpec
from tests.contracts.facts import EVIDENCE, envelope, surroundings
from tests.contracts.worlds import WORLDS, World


def test_every_sink_is_tested_here() -> None:
    assert set(subclasses(gateway.sinks, SinkSpec)) == set(WORLDS)


@pytest.fixture(params=[world for worlds in WORLDS.values() for world in worlds])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with request.param() as world:
        yield world


async def send(world: World, root: Path, *envelopes: Envelope) -> None:
    async with world.spec.open(surroundings(root)) as sink:
        for one in envelopes:
            await sink.send(one)


async def test_the_life_of_an_incident_arrives_in_order(world: World, tmp_path: Path) -> None:
    phases: list[Phase] = ["opened", "updated", "acknowledged", "in_progress", "resolved"]
    await send(world, tmp_path, *(envelope("i-1", n, phase) for n, phase in enumerate(phases)))
    assert await world.effects() == [f"i-1:{phase}" for phase in phases]


@pytest.mark.parametrize("phase", get_args(Phase))
async def test_every_phase_can_be_told(world: World, tmp_path: Path, phase: Phase) -> None:
    await send(world, tmp_path, envelope("i-1", 7, phase))
    assert await world.effects() == [f"i-1:{phase}"]


async def test_two_incidents_stay_two(world: World, tmp_path: Path) -> None:
    await send(world, tmp_path, envelope("i-1"), envelope("i-2"), envelope("i-1", 1, "resolved"))
    assert sorted(await world.effects()) == ["i-1:opened", "i-1:resolved", "i-2:opened"]


async def test_twice_is_once(world: World, tmp_path: Path) -> None:
    await send(world, tmp_path, envelope(), envelope())
    await send(world, tmp_path, envelope())
    assert await world.effects() == ["i-1:opened"]


def with_(**changes: Any) -> Envelope:
    plain = envelope("i-1", evidence=(EVIDENCE,))
    return replace(plain, incident=replace(plain.incident, **changes))


@pytest.mark.parametrize("severity", get_args(Severity))
async def test_every_severity_can_be_told(world: World, tmp_path: Path, severity: Severity) -> None:
    await send(world, tmp_path, with_(severity=severity))
    assert await world.effects() == ["i-1:opened"]


ODD = 'a "b" <c>&amp; \\ \r\n\t ]]> {{x}} ${y} 网格 🚮 \u2028 \x01 \ud7ff'


@pytest.mark.parametrize(
    "told",
    [
        with_(title=ODD, key=ODD, note=ODD, handled_by=ODD, rule=ODD, devices=(ODD,)),
        with_(place=Place(address=ODD)),
        with_(reasons=(Reason(ODD, ODD, ODD, ODD, ODD), Reason("", "", None, None))),
        with_(title="", place=Place(), reasons=(), devices=(), evidence=()),
        with_(title="x" * 10_000, reasons=(Reason("y" * 5_000),) * 30),
    ],
    ids=["odd words", "odd address", "odd reasons", "hardly anything", "far too much"],
)
async def test_any_words_arrive(world: World, tmp_path: Path, told: Envelope) -> None:
    await send(world, tmp_path, told)
    assert await world.effects() == ["i-1:opened"]


async def test_a_line_that_breaks_is_a_retry_and_the_next_try_arrives(
    world: World, tmp_path: Path
) -> None:
    async with world.spec.open(surroundings(tmp_path)) as sink:
        await sink.send(envelope())
        world.line.refuse = True
        world.line.cut()
        with pytest.raises((Retry, OSError)):
            await sink.send(envelope(seq=1, phase="resolved"))
        assert world.line.resets
    world.line.refuse = False
    await send(world, tmp_path, envelope(seq=1, phase="resolved"))
    assert await world.effects() == ["i-1:opened", "i-1:resolved"]


async def test_a_silent_line_is_left_in_time(world: World, tmp_path: Path) -> None:
    world.line.silent = True
    async with asyncio.timeout(5):
        with pytest.raises((Retry, OSError)):
            await send(world, tmp_path, envelope())
    world.line.silent = False


async def test_an_answer_that_was_lost_does_no_harm(world: World, tmp_path: Path) -> None:
    """The platform has it, we do not know: the exactly-once case."""
    world.line.lose_answers = True
    for _ in range(3):
        with pytest.raises((Retry, OSError)):
            await send(world, tmp_path, envelope())
    assert world.line.resets
    world.line.lose_answers = False
    await send(world, tmp_path, envelope())
    assert await world.effects() == ["i-1:opened"]


async def test_a_stop_in_the_middle_leaves_nothing_open(world: World, tmp_path: Path) -> None:
    world.line.silent = True
    task = asyncio.create_task(send(world, tmp_path, envelope()))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    world.line.silent = False
