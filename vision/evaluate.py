"""Scores the detectors on clips whose truth is known.

A report counts as true where the centre of its box lies in an event's box grown by half its
size on each side, at a time from `put_s` to `gone_s`. One event reported twice is one true
report; every other report is a false alarm. Delay = report - (left_s + dwell).
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import thread_time
from typing import NamedTuple

import av
import msgspec
import yaml

from gateway.model import Box, Detection, Duration, Millis
from vision.camera import WHOLE, CameraSpec, Crop, Detectors, convert
from vision.detector import Lasting
from vision.detectors.left_object import LeftObject
from vision.detectors.removed_object import RemovedObject
from vision.frame import Plane
from vision.watcher import Sight, Watcher


class Event(msgspec.Struct, frozen=True):
    """Something that must be reported. Seconds of the clip; the box as fractions."""

    kind: str
    put_s: float
    left_s: float
    gone_s: float
    box: Box

    def holds(self, box: Box, at: float) -> bool:
        """Whether a report of *box* at *at* seconds is about this event."""
        x1, y1, x2, y2 = self.box
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        w, h = (x2 - x1) / 2, (y2 - y1) / 2
        inside = x1 - w <= x <= x2 + w and y1 - h <= y <= y2 + h
        return inside and self.put_s <= at <= self.gone_s


class Clip(msgspec.Struct, frozen=True):
    """One clip of a truth.yaml."""

    file: str
    fps: float
    dwell_s: float
    events: tuple[Event, ...] = ()
    crop: Crop = WHOLE
    until_s: float | None = None
    note: str = ""


class Report(NamedTuple):
    """A thing at the moment it was first reported. `event`: index of the event, or None."""

    at: float
    box: Box
    event: int | None
    why: str


class Score(msgspec.Struct, frozen=True):
    """How one clip went."""

    file: str
    events: int
    found: int
    false_alarms: int
    seconds: float
    delays_s: tuple[float, ...]
    ms_per_frame: float


def clips(folder: Path) -> tuple[Clip, ...]:
    """The clips of *folder*/truth.yaml. Raises `ValueError` where it cannot be understood."""
    path = folder / "truth.yaml"
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
        found: tuple[Clip, ...] = convert(raw["clips"], tuple[Clip, ...])
        return found
    except (OSError, UnicodeError) as error:
        raise ValueError(f"{path}: {error}") from None
    except (yaml.YAMLError, TypeError, KeyError, msgspec.ValidationError) as error:
        raise ValueError(f"{path}: not a list of clips: {error}") from None


def pictures(path: Path, clip: Clip, fps: float) -> Iterator[tuple[float, Plane]]:
    """Time in seconds and I420 picture, *fps* per second of scene time.

    The clip runs at the rate its truth states, whatever the header says.
    """
    due = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        for number, frame in enumerate(container.decode(stream)):
            at = number / clip.fps
            if clip.until_s is not None and at > clip.until_s:
                return
            if at + 1e-6 < due / fps:
                continue
            due = int((at + 1e-6) * fps) + 1
            even = frame.width // 2 * 2, frame.height // 2 * 2
            yield at, frame.reformat(*even, format="yuv420p").to_ndarray()


Watch = Callable[[float, Plane, Sight, list[Report]], None]
"""Told of every picture: its time, itself, what was seen, the reports so far."""


def score(folder: Path, clip: Clip, dwell: float, fps: float, watch: Watch) -> Score:
    """Run the detector of left objects over one clip; that of removed ones where it has any."""
    kinds: list[type[Lasting]] = [LeftObject]
    if any(event.kind == "removed_object" for event in clip.events):
        kinds.append(RemovedObject)
    spec = CameraSpec(
        id="clip",
        url="file:" + clip.file,
        crop=clip.crop,
        detectors=Detectors(kind(dwell=Duration(dwell * 1000)) for kind in kinds),
    )
    watcher = Watcher(spec)
    reports: dict[str, Report] = {}
    spent, frames, at = 0.0, 0, 0.0
    for at, picture in pictures(folder / clip.file, clip, fps):
        before = thread_time()
        sight = watcher.see(picture, Millis(at * 1000) + 1)
        spent, frames = spent + thread_time() - before, frames + 1
        for seen in sight.detections:
            if seen.track not in reports:
                reports[seen.track] = report(seen, at, clip)
        watch(at, picture, sight, list(reports.values()))
    return _scored(clip, dwell, list(reports.values()), at, 1000 * spent / max(1, frames))


def report(seen: Detection, at: float, clip: Clip) -> Report:
    """What is reported, and which event it is."""
    held = (i for i, event in enumerate(clip.events) if event.holds(seen.box, at))
    return Report(at, seen.box, next(held, None), seen.why)


def _scored(clip: Clip, dwell: float, reports: list[Report], end: float, ms: float) -> Score:
    first: dict[int, float] = {}
    for one in reports:
        if one.event is not None:
            first.setdefault(one.event, one.at)
    delays = (at - clip.events[i].left_s - dwell for i, at in sorted(first.items()))
    return Score(
        file=clip.file,
        events=len(clip.events),
        found=len(first),
        false_alarms=sum(one.event is None for one in reports),
        seconds=round(end + 1 / clip.fps, 2),
        delays_s=tuple(round(d, 2) for d in delays),
        ms_per_frame=round(ms, 3),
    )


def total(scores: list[Score]) -> dict[str, float | int | None]:
    """The sum of all clips; the delay is None where nothing was found."""
    seconds = sum(one.seconds for one in scores)
    alarms = sum(one.false_alarms for one in scores)
    delays = [delay for one in scores for delay in one.delays_s]
    weighted = sum(one.ms_per_frame * one.seconds for one in scores)
    return {
        "events": sum(one.events for one in scores),
        "found": sum(one.found for one in scores),
        "false_alarms": alarms,
        "false_alarms_per_hour": round(alarms * 3600 / seconds, 2) if seconds else 0.0,
        "median_delay_s": round(median(delays), 2) if delays else None,
        "ms_per_frame": round(weighted / seconds, 3) if seconds else 0.0,
    }
