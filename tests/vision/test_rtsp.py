"""A real RTSP server that is killed and frozen: the camera is missed, and comes back by itself.

That server streams over UDP only.
"""

import asyncio
import shutil
import signal
import socket
import subprocess
from contextlib import suppress

import pytest

from gateway.clock import SystemClock
from gateway.health import PartsHealth
from gateway.ports import Surroundings
from gateway.sources.cameras import Cameras
from vision.camera import camera

SERVER = "rtsp-server-perl"
MISSED, HEALED = 10.0, 15.0
"""Seconds in which a stalled stream is told, and in which one that is back is seen."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which(SERVER) and shutil.which("ffmpeg")),
        reason=f"needs Debian's packages {SERVER} and ffmpeg",
    ),
]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Station:
    """The server, and an ffmpeg that publishes a picture that moves."""

    def __init__(self):
        self._in, self._out, self._rtp = free_port(), free_port(), free_port()
        self.url = f"rtsp://127.0.0.1:{self._out}/yard?udp"
        self._server = self._publisher = None

    async def start(self):
        local = "--client_listen_address=127.0.0.1", "--source_listen_address=127.0.0.1"
        ports = f"--clientport={self._out}", f"--serverport={self._in}"
        self._server = _quiet(SERVER, *local, *ports, f"--rtp_start_port={self._rtp}")
        await _listening(self._in)
        film = "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10"
        code = "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10"
        to = "-f", "rtsp", "-rtsp_transport", "udp", f"rtsp://127.0.0.1:{self._in}/yard"
        self._publisher = _quiet("ffmpeg", "-v", "error", *film, *code, *to)

    def freeze(self):
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._server.send_signal(signal.SIGCONT)

    def stop(self):
        for process in (self._publisher, self._server):
            if process:
                process.kill()
                process.wait()


def _quiet(*command):
    null = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=null, stdout=null, stderr=null)


async def _listening(port):
    async with asyncio.timeout(10):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.1)


@pytest.fixture
async def station():
    station = Station()
    await station.start()
    yield station
    station.stop()


class Watched:
    """A camera on the station, and what is told of it."""

    def __init__(self, url, root):
        clock = SystemClock()
        self.health = PartsHealth(clock)
        around = Surroundings(root, "test", clock, self.health, str, root.joinpath)
        self.source = Cameras([camera({"id": "yard", "url": url, "fps": 5})], around)
        self.scenes = []

    async def put(self, items, ack=None):
        self.scenes += items

    @property
    def shown_at(self):
        return self.source.pictures["yard"].at if "yard" in self.source.pictures else 0

    def missed(self):
        lost = self.health.parts["camera:yard"].state == "retrying"
        return lost and self.scenes[-1].health == "no_signal"

    async def seen(self, seconds):
        """A picture that is taken from now on."""
        before = self.shown_at
        await until(lambda: self.shown_at > before and not self.missed(), seconds)


async def until(condition, seconds):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(0.05)


@pytest.fixture
async def watched(station, tmp_path):
    watched = Watched(station.url, tmp_path)
    task = asyncio.create_task(watched.source.run(watched))
    await watched.seen(30)
    yield watched
    task.cancel()
    await asyncio.wait([task])


async def test_a_server_that_is_killed_is_missed_and_seen_again(station, watched):
    pid = watched.source.worker
    for _ in range(2):
        station.stop()
        await until(watched.missed, MISSED)
        await station.start()
        await watched.seen(HEALED)
    assert watched.source.worker == pid, "the worker outlives it"


async def test_a_server_that_freezes_is_missed_and_seen_again(station, watched):
    station.freeze()
    await until(watched.missed, MISSED)
    await asyncio.sleep(8)  # it is tried in vain, so that the wait between two tries grows
    station.thaw()
    await watched.seen(HEALED)
