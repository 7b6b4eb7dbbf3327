"""Where trials are asked for: one at a time, in a process of their own, and not for ever."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process

import msgspec

from gateway.trial_worker import HEAD, written
from gateway.trials import Outcome, Trial

SECONDS = 30.0
"""A trial may take so long."""


class Busy(Exception):
    """Somebody else tries something at this moment."""


class TooLong(Exception):
    """It took longer than `SECONDS`, and was given up."""


class TrialFailed(Exception):
    """The process ended without an answer; its own last words are in the gateway's log."""


class TrialDesk:
    """Starts the worker for the first trial and again whenever it is gone."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._busy = False

    async def judge(self, trial: Trial) -> Outcome:
        """Raises Busy, TooLong or TrialFailed."""
        if self._busy:
            raise Busy
        self._busy = True
        try:
            async with asyncio.timeout(SECONDS):
                answer = await self._ask(written(trial))
        except TimeoutError:
            await self.close()
            raise TooLong from None
        except (asyncio.IncompleteReadError, ConnectionError) as e:
            await self.close()
            raise TrialFailed from e
        except asyncio.CancelledError:
            await self.close()  # the next answer of that process would be to this question
            raise
        finally:
            self._busy = False
        return msgspec.msgpack.decode(answer, type=Outcome)

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    async def _ask(self, question: bytes) -> bytes:
        process = self._process
        if process is None or process.returncode is not None:
            await self.close()
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "gateway.trial_worker", stdin=PIPE, stdout=PIPE
            )
        assert process.stdin is not None  # noqa: S101 - a pipe, see above
        assert process.stdout is not None  # noqa: S101 - and so is this
        process.stdin.write(question)
        await process.stdin.drain()
        (length,) = HEAD.unpack(await process.stdout.readexactly(HEAD.size))
        return await process.stdout.readexactly(length)
