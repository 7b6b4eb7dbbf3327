"""All cameras of a site: starts the vision worker, believes its types, passes on its scenes.

gateway                                   worker process (vision.worker)
Setup, Time, Feed  ---- one socket ---->  one thread per camera
Scene  <---- Sighted, Preview, State ---  pixels stay there
"""

import asyncio
import os
import socket
import sys
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

import vision
from gateway.model import Detection, Millis, Scene
from gateway.ports import Inbox, Retry, Surroundings
from gateway.rehearsals import Rehearsals
from vision.camera import CameraSpec
from vision.measures import Measures
from vision.messages import (
    LONGEST,
    PREFIX,
    Alive,
    Feed,
    FromWorker,
    Preview,
    Setup,
    Sighted,
    Spoilt,
    State,
    Time,
    Tried,
    from_worker,
    length,
    packed,
)

SILENT = 30.0
"""Seconds without a word after which the worker counts as stuck."""
FRUGAL = {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1"}
"""Memory pools and threads that the worker would not use."""
TICK = 10.0
"""Seconds between two tellings of the time."""
GRACE = 9.0
"""Seconds that the worker has to end; then it is killed."""


class Picture(NamedTuple):
    """The last masked preview of a camera. `fps`: pictures looked at per second."""

    jpeg: bytes
    at: Millis
    detections: tuple[Detection, ...]
    health: str
    fps: float
    measures: Measures | None = None


class _Changed(Exception):
    """Other cameras are to be watched than those that are."""


class Cameras:
    """A source. `pictures` and `feeds` may be read at any time."""

    def __init__(self, specs: Sequence[CameraSpec], around: Surroundings) -> None:
        self._specs, self._around = {spec.id: spec for spec in specs}, around
        self._changed = asyncio.Event()
        self.feeds = self._feeds()
        """What takes the pictures that arrive on a topic."""
        self._pictures: dict[str, Picture] = {}
        self._waiting: dict[str, bytes] = {}
        self._fed = asyncio.Event()
        self.rehearsals = Rehearsals()
        self.worker: int | None = None
        """The worker's process id while it runs."""

    @property
    def pictures(self) -> Mapping[str, Picture]:
        return self._pictures

    def replace(self, specs: Sequence[CameraSpec]) -> None:
        """Go on with these. Where any is another one the worker begins anew, with the scenes that
        were learnt."""
        fresh = {spec.id: spec for spec in specs}
        if fresh == self._specs:
            return
        self._specs = fresh
        for gone in self._pictures.keys() - fresh.keys():
            del self._pictures[gone]
        self.feeds.clear()
        self.feeds.update(self._feeds())
        self._changed.set()

    def _feeds(self) -> dict[str, Callable[[bytes], bool]]:
        return {s.topic: partial(self.feed, s.id) for s in self._specs.values() if s.topic}

    def feed(self, camera_id: str, jpeg: bytes) -> bool:
        """Show *jpeg* to a camera; it replaces one that still waits. False: not taken."""
        if camera_id not in self._specs or not 0 < len(jpeg) <= LONGEST // 2:
            self._around.health.count("pictures_refused", part=camera_id, why="size")
            return False
        if camera_id in self._waiting:
            self._around.health.count("pictures_skipped", part=camera_id)
        self._waiting[camera_id] = jpeg
        self._fed.set()
        return True

    async def run(self, inbox: Inbox) -> None:
        """Serve until cancelled; `Retry` when the worker dies or is stuck."""
        while True:
            self._changed.clear()
            await self._serve(inbox)

    async def _serve(self, inbox: Inbox) -> None:
        """With the cameras as they are; returns when they have changed."""
        async with _worker() as (process, reader, writer):
            self.worker = process.pid
            now, root = self._around.clock.now(), str(self._around.root.absolute())
            writer.write(packed(Setup(tuple(self._specs.values()), root, now)))
            self._around.health.report("cameras", "ok")
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._tell_time(writer), name="cameras:time")
                    tasks.create_task(self._bring(writer), name="cameras:feed")
                    tasks.create_task(self._ask(writer), name="cameras:rehearse")
                    tasks.create_task(self._listen(reader, inbox), name="cameras:listen")
                    tasks.create_task(self._until_changed(), name="cameras:change")
            except* _Changed:
                pass
            except* (OSError, IncompleteReadError, TimeoutError) as group:
                raise await self._died(process, group.exceptions[0]) from None
            except* (ValueError, msgspec.DecodeError) as group:
                raise Retry(f"the vision worker talks nonsense: {group.exceptions[0]}") from None
            finally:
                self.worker = None
                self.rehearsals.interrupted()

    async def _until_changed(self) -> None:
        await self._changed.wait()
        raise _Changed

    async def _died(self, process: Process, error: BaseException) -> Retry:
        for spec in self._specs:
            self._around.health.report(f"camera:{spec}", "retrying", "the vision worker restarts")
        if isinstance(error, TimeoutError):
            return Retry(f"the vision worker said nothing for {SILENT:.0f} s")
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await process.wait()
        return Retry(f"the vision worker ended with {process.returncode}")

    async def _tell_time(self, writer: StreamWriter) -> None:
        while True:
            writer.write(packed(Time(self._around.clock.now())))
            await writer.drain()
            await asyncio.sleep(TICK)

    async def _bring(self, writer: StreamWriter) -> None:
        while True:
            await self._fed.wait()
            self._fed.clear()
            while self._waiting:
                camera, jpeg = self._waiting.popitem()
                writer.write(packed(Feed(camera, jpeg)))
                await writer.drain()

    async def _ask(self, writer: StreamWriter) -> None:
        while True:
            writer.write(packed(await self.rehearsals.asked()))
            await writer.drain()

    async def _listen(self, reader: StreamReader, inbox: Inbox) -> None:
        while True:
            async with asyncio.timeout(SILENT):
                prefix = await reader.readexactly(PREFIX)
                body = await reader.readexactly(length(prefix))
            message = from_worker(body)
            if isinstance(message, Tried):
                self.rehearsals.answered(message)
            elif isinstance(message, Alive) or message.camera in self._specs:
                await self._heard(message, inbox)

    async def _heard(self, message: FromWorker, inbox: Inbox) -> None:
        health = self._around.health
        match message:
            case Sighted(camera, detections, state, at):
                scene = Scene(camera, detections, at=at, health=state, measured_at=at)
                await inbox.put([scene])
                health.count("scenes", part=camera)
            case Preview(camera, jpeg, detections, state, at, fps, measures):
                self._pictures[camera] = Picture(jpeg, at, detections, state, fps, measures)
            case State(camera, state, detail):
                health.report(f"camera:{camera}", state, detail)
            case Spoilt(camera, why):
                health.count("pictures_malformed", part=camera, why=why.partition(":")[0][:40])


@asynccontextmanager
async def _worker() -> AsyncIterator[tuple[Process, StreamReader, StreamWriter]]:
    """A vision worker and the streams to it; when left, it is ended, by force if need be."""
    ours, theirs = socket.socketpair()
    path = str(Path(vision.__file__).parents[1])
    with theirs:
        command = sys.executable, "-m", "vision.worker", str(theirs.fileno())
        process = await asyncio.create_subprocess_exec(
            *command,
            pass_fds=(theirs.fileno(),),
            stdin=DEVNULL,
            env={**FRUGAL, **os.environ, "PYTHONPATH": path},
        )
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    try:
        yield process, reader, writer
    finally:
        writer.close()
        await asyncio.shield(_ended(process))


async def _ended(process: Process) -> None:
    try:
        async with asyncio.timeout(GRACE):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
