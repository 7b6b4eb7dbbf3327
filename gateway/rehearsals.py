"""Settings of a camera that somebody tries, on their way to the vision worker and back."""

import asyncio
from collections.abc import Mapping
from itertools import count

from gateway.model import Millis
from vision.camera import CameraSpec
from vision.messages import Tried, Try
from vision.outcome import Rehearsal

SECONDS = 30.0
"""A rehearsal may take so long; five minutes of a clip are decoded in less."""


class Busy(Exception):
    """Somebody else tries something at this moment."""


class Unrehearsed(Exception):
    """It could not be done; the text says why."""


class Rehearsals:
    """One at a time. Keeps the masked pictures of the last one."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._asked: Try | None = None
        self._answer: asyncio.Future[Tried] | None = None
        self._news = asyncio.Event()
        self._pictures: tuple[str, Mapping[Millis, bytes]] = "", {}

    async def attempt(
        self, camera: CameraSpec, clip: str, pictures: bool, seconds: float = 0.0
    ) -> Rehearsal:
        """Try *camera* as it is given here, on its last minutes (of which *seconds* suffice, 0 for
        all) or on *clip*, a path below the site's folder. Raises `Busy` and `Unrehearsed`."""
        if self._answer is not None:
            raise Busy
        answer = self._answer = asyncio.get_running_loop().create_future()
        self._asked = Try(next(self._ids), camera, clip, pictures, seconds)
        self._news.set()
        try:
            async with asyncio.timeout(SECONDS):
                tried = await answer
        except TimeoutError:
            raise Unrehearsed(f"the vision worker did not answer for {SECONDS:.0f} s") from None
        finally:
            self._answer = self._asked = None
        outcome: Rehearsal | None = tried.outcome
        if outcome is None:
            raise Unrehearsed(tried.trouble)
        if pictures:
            self._pictures = camera.id, tried.pictures
        return outcome

    def picture(self, camera: str, at: Millis) -> bytes | None:
        """A masked picture of the last rehearsal that asked for them."""
        of, pictures = self._pictures
        return pictures.get(at) if of == camera else None

    async def asked(self) -> Try:
        """The next question for the worker."""
        while True:
            await self._news.wait()
            self._news.clear()
            if self._asked is not None:
                return self._asked

    def answered(self, tried: Tried) -> None:
        """An answer to a question that nobody waits for any more is dropped."""
        if self._answer and not self._answer.done() and self._asked and self._asked.id == tried.id:
            self._answer.set_result(tried)

    def interrupted(self) -> None:
        """The worker is gone, and will not answer."""
        if self._answer and not self._answer.done() and self._asked:
            self.answered(Tried(self._asked.id, None, "the vision worker restarts", {}))
