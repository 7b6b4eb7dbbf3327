"""Backtests that somebody asked for by the API: one runs at a time, the last ones are kept."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections import OrderedDict
from collections.abc import Callable
from secrets import token_hex
from typing import Any, Literal

import msgspec

from gateway.backtest_worker import Job, written

KEEP = 10
"""Answers that can still be fetched."""
SECONDS = 1800.0
"""A backtest may take so long."""
LONGEST = 64_000_000
"""Bytes of an answer."""

State = Literal["running", "done", "failed", "cancelled"]


class Backtest(msgspec.Struct):
    """`progress` goes from 0 to 1; `result` is there when it is done; `why` when it has failed."""

    id: str
    rule: str
    state: State = "running"
    progress: float = 0.0
    why: str = ""
    result: dict[str, Any] | None = None


class Occupied(Exception):
    """Another backtest is running; its id is the text."""


class BacktestJobs:
    def __init__(self) -> None:
        self._known: OrderedDict[str, Backtest] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    def start(self, rule: str, make: Callable[[], Job]) -> Backtest:
        """Begin what *make* gives. Raises Occupied while another one runs."""
        if self._task is not None and not self._task.done():
            raise Occupied(next(reversed(self._known)))
        backtest = Backtest(token_hex(8), rule)
        job = written(make())
        self._known[backtest.id] = backtest
        while len(self._known) > KEEP:
            self._known.popitem(last=False)
        self._task = asyncio.create_task(_run(backtest, job), name="backtest")
        return backtest

    def find(self, id: str) -> Backtest | None:
        return self._known.get(id)

    async def cancel(self, id: str) -> bool:
        """End it, or forget its answer. False: there is no such one."""
        found = self._known.get(id)
        if found is None:
            return False
        if found.state == "running":
            await self.close()
        else:
            del self._known[id]
        return True

    async def close(self) -> None:
        """End what runs."""
        if self._task is None or self._task.done():
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        last = next(reversed(self._known.values()))
        if last.state == "running":
            last.state = "cancelled"


async def _run(backtest: Backtest, job: bytes) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "gateway.backtest_worker"),
        stdin=PIPE,
        stdout=PIPE,
        limit=LONGEST,
    )
    try:
        async with asyncio.timeout(SECONDS):
            await _follow(process, backtest, job)
    except TimeoutError:
        backtest.state, backtest.why = "failed", "it took too long; choose a shorter span"
    except (ConnectionError, ValueError):  # it died, or its answer is longer than LONGEST
        backtest.state, backtest.why = "failed", "it broke off; the gateway's log says why"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _follow(process: Process, backtest: Backtest, job: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - a pipe, see above
    assert process.stdout is not None  # noqa: S101 - and so is this
    process.stdin.write(job)
    process.stdin.close()
    async for line in process.stdout:
        said = json.loads(line)
        backtest.progress = said.get("progress", backtest.progress)
        if "result" in said:
            backtest.state, backtest.progress, backtest.result = "done", 1.0, said["result"]
            return
    raise ConnectionError("it ended without an answer")
