import asyncio
import stat
from pathlib import Path

from gateway.app import GRACE, _end, box_key, evidence_file
from tests.virtual_time import in_virtual_time


def test_the_key_of_a_box_is_made_once_and_is_its_own(tmp_path: Path) -> None:
    key = box_key(tmp_path / "a")
    assert len(key) == 32
    assert box_key(tmp_path / "a") == key
    assert box_key(tmp_path / "b") != key
    assert stat.S_IMODE((tmp_path / "a" / "data" / "box.key").stat().st_mode) == 0o600


def test_evidence_lies_by_its_hash(tmp_path: Path) -> None:
    assert evidence_file(tmp_path, "ab" + "0" * 62).parent.name == "ab"


def test_a_task_that_loses_its_first_cancellation_is_ended_by_the_next() -> None:
    async def story() -> tuple[bool, float]:
        async def deaf() -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await asyncio.Event().wait()

        task = asyncio.create_task(deaf())
        await asyncio.sleep(0)
        await _end([task])
        return task.done(), asyncio.get_running_loop().time()

    done, took = in_virtual_time(story())
    assert done
    assert took <= GRACE


def test_a_task_that_never_ends_does_not_hold_up_a_stop() -> None:
    async def story() -> float:
        ended = asyncio.Event()

        async def stubborn() -> None:
            while not ended.is_set():
                try:
                    await ended.wait()
                except asyncio.CancelledError:
                    continue

        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        await _end([task])
        took = asyncio.get_running_loop().time()
        ended.set()
        await task
        return took

    assert in_virtual_time(story()) <= GRACE + 1
