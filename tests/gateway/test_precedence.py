"""On a thin uplink incidents go before pictures, and pictures before telemetry."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiohttp
import cv2
import numpy as np
from aiohttp import web
from msgspec.structs import replace

from gateway.attaching import PictureLine, unheard
from gateway.delivery import deliver
from gateway.model import Answer, Evidence, Incident, Reading
from gateway.ports import ReadingSink, ReadingSinkSpec, Surroundings
from gateway.precedence import INCIDENTS, PATIENCE, PICTURES, TELEMETRY, Precedence
from gateway.projection import project
from gateway.sinks.signalen import Signalen
from simulators.faults import BadLine
from tests.contracts.facts import NOON, envelope, surroundings
from tests.contracts.signalen import City
from tests.contracts.twins import MemoryJournal, MemoryOutbox, MemoryRefused
from tests.virtual_time import in_virtual_time

THIN = 64_000
"""Bytes per second."""


class Seen(City):
    """A city, and the telemetry of a neighbour, behind one line; in what order things arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: list[str] = []
        self.enough = asyncio.Event()

    def app(self) -> web.Application:
        app = super().app()
        app.router.add_post("/readings", self._readings)

        @web.middleware
        async def note(request: web.Request, handler: object) -> web.StreamResponse:
            answer = await handler(request)
            if request.method == "POST":
                kinds = {"attachments": "picture", "readings": "readings"}
                self.arrived.append(kinds.get(request.path.strip("/").split("/")[-1], "incident"))
                if self.arrived.count("readings") == 3:
                    self.enough.set()
            return answer

        app.middlewares.append(note)
        return app

    async def _readings(self, request: web.Request) -> web.Response:
        await request.read()
        return web.Response()


class Telemetry(ReadingSinkSpec, frozen=True, kw_only=True):
    url: str

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[ReadingSink]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[ReadingSink]:
        async with aiohttp.ClientSession() as session:
            self_url = self.url

            class Sink:
                async def write(self, readings: Sequence[Reading]) -> Sequence[tuple]:
                    async with session.post(self_url, data=b"x" * 20_000):
                        return ()

            yield Sink()


def picture(root: Path, seed: int) -> Evidence:
    image = np.random.default_rng(seed).integers(0, 255, (120, 160, 3), np.uint8)
    jpeg = bytes(cv2.imencode(".jpg", image)[1])
    name = hashlib.sha256(jpeg).hexdigest()
    (root / f"{name}.jpg").write_bytes(jpeg)
    return Evidence(name, "image/jpeg", "now", NOON, len(jpeg))


async def test_incidents_then_pictures_then_telemetry_over_a_throttled_line(tmp_path: Path) -> None:
    city, box, known = Seen(), MemoryOutbox(), {}
    runner = web.AppRunner(city.app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with BadLine("127.0.0.1", runner.addresses[0][1]) as line:
        line.rate = THIN
        root = f"http://127.0.0.1:{line.port}"
        spec = Signalen(
            id="city",
            url=f"{root}/signals/v1",
            categories={"overflowing_bin": "afval/container-is-vol"},
        )
        for n in range(6):
            told = envelope(f"i-{n}", evidence=(picture(tmp_path, n),))
            box.put(told, replace(told, id=f"picture-i-{n}", sink="city/pictures"))

        async def hear(answer: Answer) -> None:
            one = envelope(answer.incident).incident
            known[answer.incident] = [replace(one, answers=(answer,))]

        async def versions(incident: str) -> list[Incident]:
            return known.get(incident, [])

        around = surroundings(tmp_path)._replace(precedence=Precedence())
        journal = MemoryJournal([Reading("d", "q", float(i), NOON + i) for i in range(12_000)])
        pictures = PictureLine(spec, versions)
        sending = [
            deliver(spec, around, box, asyncio.Event(), hear),
            deliver(pictures, around, box, asyncio.Event(), unheard, rank=PICTURES),
            project(
                Telemetry(id="sta", url=f"{root}/readings"),
                around, journal, MemoryRefused(journal), asyncio.Event(),
            ),
        ]  # fmt: skip
        tasks = [asyncio.create_task(one) for one in sending]
        async with asyncio.timeout(20):
            await city.enough.wait()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    await runner.cleanup()
    assert city.arrived == ["incident"] * 6 + ["picture"] * 6 + ["readings"] * 3


def test_what_hangs_holds_up_nobody_for_ever() -> None:
    async def story() -> float:
        precedence, loop = Precedence(), asyncio.get_running_loop()
        with precedence.sending(INCIDENTS):
            start = loop.time()
            await precedence.clear(TELEMETRY)
            return loop.time() - start

    assert in_virtual_time(story()) == PATIENCE


def test_a_picture_waits_for_an_incident_that_comes_meanwhile_and_not_for_telemetry() -> None:
    async def story() -> list[str]:
        precedence, order = Precedence(), []

        async def pictures() -> None:
            with precedence.sending(PICTURES):
                for n in range(2):
                    await precedence.clear(PICTURES)
                    order.append(f"picture {n}")
                    await asyncio.sleep(1)

        async def incident() -> None:
            await asyncio.sleep(0.5)
            with precedence.sending(INCIDENTS):
                await asyncio.sleep(2)
                order.append("incident")

        with precedence.sending(TELEMETRY):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(pictures())
                tasks.create_task(incident())
        return order

    assert in_virtual_time(story()) == ["picture 0", "incident", "picture 1"]
