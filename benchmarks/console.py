"""What the console costs, and how soon it is there; and what NiceGUI would cost instead.

    python -m benchmarks.console                 the console with 500 devices, 4 cameras
    python -m benchmarks.console --nicegui       the same facts drawn by NiceGUI (needs `nicegui`)

Prints: seconds and MiB for importing the web stack; bytes and seconds until the first useful
picture in chromium, cold and warm; the longest stall of the event loop while a page is opened;
the server's CPU for opening a page, and with pages open. Stalls matter most: while the loop
stands, no device is answered.
"""

import argparse
import asyncio
import multiprocessing
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

DEVICES = 500
TABS = 6
STREAMS = 20
SWITCHES = (
    ("Devices", ".devices.wide li:nth-child(100)"),
    ("Incidents", ".incidents.wide"),
    ("Cameras", ".tiles.wide img"),
    ("Numbers", ".figures"),
    ("System", ".parts li"),
    ("Now", ".ground .mark-of, .ground .crowd"),
)
"""A page's entry, and what is seen when it is there."""
FIRST = "Bin 03 overflows"
"""Seen on the first page of both."""


class Server(NamedTuple):
    base: str
    pid: int
    stall: Any
    """Longest stall of the loop since it was last set to 0, in seconds."""

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def rss(self) -> float:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20


async def _ticker(stall: Any) -> None:
    """Notes how late the loop comes to a task that wants to run every 5 ms."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.005)
        stall.value = max(stall.value, time.perf_counter() - before - 0.005)


async def _linli(port: int, stall: Any) -> None:
    import random

    from gateway.api.server import serve
    from gateway.api.spec import ConsoleSpec, Listen
    from gateway.clock import SystemClock
    from tests.gateway.api.desk_fixture import make_desk
    from tests.gateway.api.run_desk import live

    with tempfile.TemporaryDirectory() as folder:
        desk = make_desk(Path(folder), devices=DEVICES, clock=SystemClock())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_ticker(stall))
            tasks.create_task(live(desk, random.Random(1)))
            tasks.create_task(serve(desk, ConsoleSpec(listen=Listen(f"127.0.0.1:{port}"))))


async def _nicegui(port: int, stall: Any) -> None:
    import random

    import uvicorn
    from fastapi import FastAPI, Response
    from nicegui import ui

    from gateway.clock import SystemClock
    from tests.gateway.api.desk_fixture import make_desk
    from tests.gateway.api.run_desk import live

    with tempfile.TemporaryDirectory() as folder:
        desk, app = make_desk(Path(folder), devices=DEVICES, clock=SystemClock()), FastAPI()
        incidents = await desk.store.incidents(("open", "acknowledged"))

        @app.get("/picture/{id}")
        def picture(id: str) -> Response:
            return Response(desk.pictures[id].jpeg, media_type="image/jpeg")

        @ui.page("/")
        def page() -> None:
            for incident in incidents:
                with ui.card():
                    ui.label(incident.title)
                    ui.label(incident.reasons[0].text)
                    ui.button("Acknowledge")
            images = {id: ui.image(f"/picture/{id}") for id in desk.pictures}
            rows = {}
            for subject in list(desk.subjects.values())[:DEVICES]:
                with ui.row():
                    ui.label(subject.name)
                    ui.label(subject.place.address)
                    rows[subject.id] = ui.label()

            def tick() -> None:
                for id, label in rows.items():
                    values = desk.latest.of(id).values()
                    label.text = " ".join(f"{r.value} {r.unit}" for r in values)
                for id, image in images.items():
                    image.set_source(f"/picture/{id}?at={desk.pictures[id].at}")

            tick()
            ui.timer(1.0, tick)

        ui.run_with(app, tailwind=False)
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_ticker(stall))
            tasks.create_task(live(desk, random.Random(1)))
            tasks.create_task(server.serve())


def _run(kind: str, port: int, stall: Any) -> None:
    asyncio.run({"linli": _linli, "nicegui": _nicegui}[kind](port, stall))


@contextmanager
def running(kind: str, port: int) -> Iterator[Server]:
    import urllib.error
    import urllib.request

    context = multiprocessing.get_context("spawn")
    stall = context.Value("d", 0.0)
    process = context.Process(target=_run, args=(kind, port, stall), daemon=True)
    process.start()
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{base}/health", timeout=1)
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
            else:
                break
        yield Server(base, process.pid or 0, stall)
    finally:
        process.terminate()
        process.join(10)


def imports(statement: str) -> str:
    """Seconds and MiB that *statement* adds to a process that has the gateway's core loaded."""
    code = (
        "import time, gateway.spine, gateway.store, numpy, aiohttp;"
        "m = lambda: int(open('/proc/self/statm').read().split()[1]) * 4096 / 2**20;"
        f"a, t = m(), time.perf_counter(); {statement};"
        "print(f'{time.perf_counter() - t:.2f} s, {m() - a:.1f} MiB')"
    )
    run = [sys.executable, "-c", code]
    return subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()


def browse(server: Server, kind: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        if kind == "linli":
            page.goto(f"{server.base}/login")
            page.fill("#name", "omar")
            page.fill("#password", "operator-pass")
            page.click("button[type=submit]")
            page.wait_for_selector(f"text={FIRST}")
            state = context.storage_state()
            context = browser.new_context(storage_state=state)
            page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        received = [0, 0]

        def count(event: Any) -> None:
            received[0] += int(event["encodedDataLength"])
            received[1] += 1

        session.on("Network.loadingFinished", count)
        idle = server.rss()
        for name in ("cold", "warm"):
            server.stall.value = 0.0
            start = time.perf_counter()
            page.goto(server.base)
            page.wait_for_selector(f"text={FIRST}")
            took = time.perf_counter() - start
            time.sleep(1.5)
            said = f"{received[0] / 1000:.0f} kB in {received[1]} answers"
            print(f"first useful picture, {name}: {took:.2f} s, {said}; ", end="")
            print(f"longest stall of the loop {server.stall.value * 1000:.0f} ms")
            received[:] = 0, 0
        print(f"opening a page takes {opening(server, page) * 1000:.0f} ms of the server's CPU")
        if kind == "linli":
            for name, shown in SWITCHES:
                start = time.perf_counter()
                page.click(f"nav >> text={name}")
                page.wait_for_selector(shown)
                print(f"to {name}: {time.perf_counter() - start:.2f} s")
        tabs = [page]
        for _ in range(TABS - 1):
            tabs.append(context.new_page())
            tabs[-1].goto(server.base)
        time.sleep(3)
        print(f"{TABS} pages open: {share(server):.1f} % of a core, ", end="")
        print(f"{(server.rss() - idle) / TABS:.1f} MiB each")
        browser.close()


def opening(server: Server, page: Any, times: int = 10) -> float:
    """CPU seconds per opening, over what the server uses anyway. Unlike a stall it does not
    depend on what else this machine does."""
    idle = share(server) / 100
    start, before = time.perf_counter(), server.cpu()
    for _ in range(times):
        page.goto(server.base)
        page.wait_for_selector(f"text={FIRST}")
    time.sleep(1)
    return (server.cpu() - before - idle * (time.perf_counter() - start)) / times


def share(server: Server, seconds: float = 8) -> float:
    before = server.cpu()
    time.sleep(seconds)
    return (server.cpu() - before) / seconds * 100


def streams(server: Server, n: int) -> float:
    """CPU with *n* pages that listen; each also fetches four pictures a second."""

    async def run() -> float:
        import aiohttp

        headers = {"Authorization": "Bearer viewer-token"}

        async def one(http: aiohttp.ClientSession) -> None:
            async with http.get(f"{server.base}/api/v1/changes") as stream:
                async for line in stream.content:
                    if line.startswith(b"event: now"):
                        for camera in range(1, 5):
                            url = f"{server.base}/api/v1/cameras/cam-{camera}/picture.jpg"
                            async with http.get(url) as answer:
                                await answer.read()

        limit = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
            headers=headers, connector=limit, read_bufsize=2**22
        ) as http:
            tasks = [asyncio.create_task(one(http)) for _ in range(n)]
            await asyncio.sleep(3)
            server.stall.value = 0.0
            used = await asyncio.to_thread(share, server)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks or [asyncio.create_task(asyncio.sleep(0))])
            return used

    return asyncio.run(run())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nicegui", action="store_true")
    kind = "nicegui" if parser.parse_args().nicegui else "linli"
    print(f"{kind}: {DEVICES} devices, a tenth of them speaks each second; 4 cameras")
    statement = "import fastapi, uvicorn; from nicegui import ui; ui.label"
    print("import:", imports(statement if kind == "nicegui" else "import gateway.api.embedded"))
    with running(kind, 8741) as server:
        browse(server, kind)
        if kind == "linli":
            for n in (0, STREAMS):
                print(f"{n} consoles: {streams(server, n):.1f} % of a core, ", end="")
                print(f"longest stall {server.stall.value * 1000:.0f} ms")


if __name__ == "__main__":
    main()
