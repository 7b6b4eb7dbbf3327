"""What a camera costs: milliseconds per frame against two yardsticks, memory, decoding.

The yardsticks are motion detectors that a site might use instead. "Motion by running average"
is what Frigate's detector does per frame (100 rows, contrast by percentiles, blur, difference
to a running average, threshold, dilation, contours), written from its description; MOG2 is
OpenCV's mixture of Gaussians. Neither tells a thing that stays from one that passes.
"""

import asyncio
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from statistics import median
from time import thread_time

import av
import cv2
import numpy as np

from gateway.clock import SystemClock
from gateway.health import PartsHealth
from gateway.ports import Surroundings
from gateway.sources.cameras import Cameras
from simulators.camera import stage
from vision.camera import camera
from vision.evaluate import Clip, pictures
from vision.evidence import keeper
from vision.frame import Plane, to_i420
from vision.observer import Observer
from vision.watcher import Watcher

FPS, SECONDS, WARM = 5, 60, 50
SPEC = {
    "id": "bench",
    "render": "street_corner",
    "detectors": [{"kind": "left_object", "dwell": "20s"}],
}


def film() -> list[Plane]:
    """A rendered minute of 320 x 180: passers-by, and a bag that is left."""
    scene = stage("street_corner")
    return [to_i420(scene.picture(i / FPS), 320) for i in range(FPS * SECONDS)]


def timed(step: Callable[[int, Plane], object], frames: list[Plane]) -> float:
    """The median of CPU milliseconds per frame, one thread."""
    spent = []
    for i, frame in enumerate(frames):
        before = thread_time()
        step(i, frame)
        spent.append(thread_time() - before)
    return 1000 * median(spent[WARM:])


def running_average() -> Callable[[int, Plane], object]:
    average: list[np.ndarray] = []
    spans: list[tuple[float, float]] = []

    def step(_: int, picture: Plane) -> object:
        height = picture.shape[0] * 2 // 3
        y = cv2.resize(picture[:height], (178, 100), interpolation=cv2.INTER_NEAREST)
        spans.append(tuple(np.percentile(y, (4, 96))))
        low, high = np.mean(spans[-50:], 0)
        y = (np.clip((y - low) / max(high - low, 1), 0, 1) * 255).astype(np.uint8)
        y = cv2.GaussianBlur(y, (3, 3), 1)
        if not average:
            average.append(y.astype(np.float32))
        change = cv2.absdiff(y, cv2.convertScaleAbs(average[0]))
        mask = cv2.dilate(cv2.threshold(change, 30, 255, cv2.THRESH_BINARY)[1], None)
        found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        cv2.accumulateWeighted(y, average[0], 0.01)
        return found

    return step


def mixture() -> Callable[[int, Plane], object]:
    model = cv2.createBackgroundSubtractorMOG2(detectShadows=False)
    return lambda _, picture: model.apply(picture[: picture.shape[0] * 2 // 3])


def per_frame() -> None:
    frames = film()
    with tempfile.TemporaryDirectory() as folder:
        watcher = Watcher(camera(SPEC))
        observer = Observer(camera(SPEC), keeper(Path(folder), "bench"))
        steps = {
            "left objects, health": lambda i, p: watcher.see(p, i * 1000 // FPS + 1),
            "  with masks and evidence": lambda i, p: observer.see(p.copy(), i * 1000 // FPS + 1),
            "motion by running average": running_average(),
            "MOG2, luma": mixture(),
        }
        for name, step in steps.items():
            print(f"{name:<30} {timed(step, frames):6.2f} ms per frame of 320 x 180")


def state() -> None:
    frames = film()[:150]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    watcher = Watcher(camera(SPEC))
    for i, picture in enumerate(frames):
        watcher.see(picture, i * 1000 // FPS + 1)
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    print(f"{'state of one camera':<30} {kept / 1e6:6.2f} MB")


def encoded(path: Path, width: int, height: int) -> None:
    """20 s of a rendered scene at 25 pictures per second, a key frame every 2 s."""
    scene = stage("street_corner")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "50", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, 25)
        for i in range(500):
            picture = cv2.resize(scene.picture(i / 25), (width, height))
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def decoding() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for width, height in ((640, 360), (1920, 1080)):
            path = Path(folder) / f"{height}.mp4"
            encoded(path, width, height)
            before = thread_time()
            for _ in pictures(path, Clip(path.name, 25.0, 10.0), 2.0):
                pass
            share = (thread_time() - before) / 20
            print(
                f"{f'decoding {width} x {height} H.264':<30} {share:6.1%} of a core, 2 of 25 used"
            )


def rss(pid: int) -> float:
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in x)
    return int(line.split()[1]) / 1024


class _Inbox:
    async def put(self, items: object, ack: object = None) -> None:
        pass


async def worker(cameras: int, root: Path) -> float:
    """MB of a worker that has run so many cameras for ten seconds."""
    clock = SystemClock()
    around = Surroundings(root, "bench", clock, PartsHealth(clock), str, root.joinpath)
    specs = [camera({**SPEC, "id": f"c{i}", "fps": 2}) for i in range(cameras)]
    source = Cameras(specs, around)
    running = asyncio.create_task(source.run(_Inbox()))
    await asyncio.sleep(10)
    used = rss(source.worker or 0)
    running.cancel()
    await asyncio.wait([running])
    return used


def memory() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        for cameras in (1, 4):
            used = asyncio.run(worker(cameras, Path(folder)))
            yield f"{f'worker with {cameras} camera(s)':<30} {used:6.0f} MB RSS"


def main() -> None:
    cv2.setNumThreads(1)
    per_frame()
    state()
    decoding()
    for line in memory():
        print(line)


if __name__ == "__main__":
    main()
