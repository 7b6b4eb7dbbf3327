"""The source and its worker process, for real: scenes come, and it may die alone."""

import asyncio
import os
import signal

import cv2
import numpy as np
import pytest

from gateway.clock import SystemClock
from gateway.health import PartsHealth
from gateway.model import Scene
from gateway.ports import Retry, Surroundings
from gateway.rehearsals import Busy, Unrehearsed
from gateway.sources.cameras import Cameras
from vision.camera import camera


class Inbox:
    def __init__(self):
        self.scenes: list[Scene] = []
        self.came = asyncio.Event()

    async def put(self, items, ack=None):
        self.scenes += items
        self.came.set()


@pytest.fixture
def cameras(tmp_path):
    clock = SystemClock()
    around = Surroundings(tmp_path, "test", clock, PartsHealth(clock), str, tmp_path.joinpath)

    def make(*specs):
        return Cameras([camera(spec) for spec in specs], around), around.health

    return make


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def until(condition, seconds=20.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.05)


@pytest.fixture
async def running():
    """Starts sources, and ends them."""
    tasks = []

    def start(source, inbox):
        tasks.append(asyncio.create_task(source.run(inbox)))
        return tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_a_camera_is_seen_and_its_preview_is_a_picture(cameras, running):
    source, health = cameras({"id": "a", "render": "bin_area", "fps": 5})
    inbox = Inbox()
    task = running(source, inbox)
    await until(lambda: "a" in source.pictures and inbox.scenes)
    assert inbox.scenes[0].camera == "a"
    assert inbox.scenes[0].measured_at > 0
    picture = cv2.imdecode(np.frombuffer(source.pictures["a"].jpeg, np.uint8), 1)
    assert picture.shape == (360, 640, 3)
    assert health.parts["camera:a"].state == "ok"
    pid = source.worker
    task.cancel()
    await asyncio.wait([task])
    assert gone(pid)


async def test_a_worker_that_is_killed_is_a_retry_and_starts_again(cameras, running):
    source, _ = cameras({"id": "a", "render": "bin_area", "fps": 5})
    inbox = Inbox()
    task = running(source, inbox)
    await until(lambda: inbox.scenes)
    os.kill(source.worker, signal.SIGKILL)
    with pytest.raises(Retry, match="-9"):
        await task
    assert source.worker is None
    inbox.scenes.clear()
    running(source, inbox)
    await until(lambda: inbox.scenes)


async def test_pictures_over_mqtt_are_taken_and_spoilt_ones_counted(cameras, running):
    source, health = cameras({"id": "a", "topic": "cam/a", "fps": 10})
    inbox = Inbox()
    running(source, inbox)
    rng = np.random.default_rng(1)
    jpeg = cv2.imencode(".jpg", rng.integers(0, 255, (120, 160, 3), np.uint8))[1].tobytes()

    def fed():
        source.feeds["cam/a"](b"\xff\xd8 rubbish" if health.total("scenes") else jpeg)
        return health.total("scenes") and health.total("pictures_malformed")

    await until(fed)
    assert not source.feed("nobody", jpeg)
    assert not source.feed("a", bytes(9 << 20))
    assert health.total("pictures_refused") == 2


async def test_a_camera_that_cannot_be_reached_does_not_stop_the_others(cameras, running):
    source, health = cameras(
        {"id": "lost", "url": "rtsp://127.0.0.1:9/x"}, {"id": "a", "render": "bin_area", "fps": 5}
    )
    inbox = Inbox()
    running(source, inbox)
    await until(lambda: {scene.camera for scene in inbox.scenes} == {"lost", "a"})
    told = {scene.camera: scene.health for scene in inbox.scenes}
    assert told == {"lost": "no_signal", "a": ""}
    assert health.parts["camera:lost"].state == "retrying"


async def test_settings_are_tried_on_what_the_camera_saw_lately(cameras, running):
    source, _ = cameras({"id": "a", "render": "bin_area", "fps": 5})
    running(source, Inbox())
    await until(lambda: "a" in source.pictures)
    tried = camera({"id": "a", "render": "bin_area", "fps": 5, "detectors": []})
    told = await source.rehearsals.attempt(tried, "", True)
    assert told.pictures
    picture = source.rehearsals.picture("a", told.pictures[-1])
    assert cv2.imdecode(np.frombuffer(picture, np.uint8), 1).shape == (360, 640, 3)
    with pytest.raises(Unrehearsed, match="not there"):
        await source.rehearsals.attempt(tried, "clips/none.mp4", False)


async def test_a_rehearsal_ends_with_the_worker(cameras, running):
    source, _ = cameras({"id": "a", "render": "bin_area", "fps": 5})
    task = running(source, Inbox())
    await until(lambda: "a" in source.pictures)
    spec = camera({"id": "a", "render": "bin_area"})
    os.kill(source.worker, signal.SIGSTOP)
    asked = asyncio.create_task(source.rehearsals.attempt(spec, "", False))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await source.rehearsals.attempt(spec, "", False)
    os.kill(source.worker, signal.SIGKILL)
    with pytest.raises(Unrehearsed, match="restarts"):
        await asked
    with pytest.raises(Retry):
        await task
