"""Whatever fails on the way, the whole life of every incident arrives, each version once and in
order: a property of every connector, over lines that break at random."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.delivery import deliver
from gateway.model import Answer, Phase
from simulators.faults import BadLine
from tests.contracts.facts import envelope, surroundings
from tests.contracts.twins import MemoryOutbox
from tests.contracts.worlds import WORLDS, World, Worlds

LIFE: tuple[Phase, ...] = (
    "opened", "updated", "acknowledged", "in_progress", "resolved", "reopened", "void",
)  # fmt: skip
INCIDENTS = ("i-1", "i-2", "i-3")
EACH = [(kind.__struct_config__.tag, world) for kind, worlds in WORLDS.items() for world in worlds]


class Trouble(NamedTuple):
    what: Literal["refuse", "silent", "lose_answers", "cut"]
    lasts: float
    then: float
    """Seconds of peace."""


troubles = st.lists(
    st.builds(
        Trouble,
        st.sampled_from(["refuse", "silent", "lose_answers", "cut"]),
        st.sampled_from([0.02, 0.1, 0.6]),
        st.sampled_from([0.02, 0.1, 0.3]),
    ),
    min_size=3,
    max_size=6,
)


async def disturb(line: BadLine, script: Sequence[Trouble]) -> None:
    for trouble in script:
        line.cut()
        if trouble.what != "cut":
            setattr(line, trouble.what, True)
        await asyncio.sleep(trouble.lasts)
        if trouble.what != "cut":
            setattr(line, trouble.what, False)
        await asyncio.sleep(trouble.then)


async def journey(world: World, script: Sequence[Trouble]) -> tuple[MemoryOutbox, list[str]]:
    """What is left in the outbox, and what arrived."""
    box = MemoryOutbox()
    for seq, phase in enumerate(LIFE):
        box.put(*(envelope(id, seq, phase) for id in INCIDENTS))

    async def ignore(answer: Answer) -> None:
        return None

    around = surroundings(Path())
    sending = deliver(world.spec, around, box, asyncio.Event(), ignore, lambda: 0.05)
    world.line.refuse = True  # whatever the script, and however fast the world: something fails
    task = asyncio.create_task(sending)
    await asyncio.sleep(0.1)
    world.line.refuse = False
    await disturb(world.line, script)
    async with asyncio.timeout(60):
        while box.waiting["city"]:  # noqa: ASYNC110 - the twin rings no bell
            await asyncio.sleep(0.05)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert world.line.connections > 1, "nothing happened on the way"
    return box, await world.effects()


@pytest.mark.parametrize(("kind", "world"), EACH, ids=[kind for kind, _ in EACH])
@given(script=troubles)
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_every_life_arrives_whole_once_and_in_order(
    kind: str, world: Worlds, script: list[Trouble]
) -> None:
    async def story() -> tuple[MemoryOutbox, list[str]]:
        async with world() as there:
            return await journey(there, script)

    box, arrived = asyncio.run(story())
    assert box.buried == {}
    for id in INCIDENTS:
        told = [effect for effect in arrived if effect.startswith(f"{id}:")]
        assert told == [f"{id}:{phase}" for phase in LIFE]
