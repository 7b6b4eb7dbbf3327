"""The store's two threads, one that writes and one that reads: SQLite blocks, the loop must not."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Lane:
    """Does one thing after the other, in a thread of its own."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._bug: BaseException | None = None

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Wait for *work* done in the thread. Cancelling the wait does not undo the work."""
        if self._bug:
            raise self._bug
        return await asyncio.wrap_future(self._pool.submit(work, *args, **kwargs))

    def start(self, work: Callable[[], None]) -> None:
        """Do *work* when its turn comes. What it raises, the next `run` raises."""
        self._pool.submit(self._watch, work)

    def _watch(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self._bug = error
            raise

    def finish(self, last: Callable[[], None]) -> None:
        """Do what is queued, then *last*, then end the thread. Blocks."""
        try:
            self._pool.submit(last).result()
        finally:
            self._pool.shutdown(wait=True)
