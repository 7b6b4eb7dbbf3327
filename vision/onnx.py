"""A site's own model: an ONNX file through OpenCV, for what has a name (a bin, a lorry, smoke).

The model's one output is read as the YOLO family writes it, rows or columns for candidates, at
the scale of the model's picture (Ultralytics' export of v5 and of v8 to 11):

    cx, cy, w, h, score of class 0, …                    without objectness
    cx, cy, w, h, objectness, score of class 0, …        with it

No weights come with Linli. The model sees the frame at working scale, privacy areas black.
"""

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

import cv2
import msgspec
import numpy as np

from gateway.model import Detection, Millis
from vision.detector import Area, Site, Unusable, fractions
from vision.detectors.onnx import Onnx
from vision.frame import Field, Frame, Picture
from vision.scenery import View

LARGEST = 256 << 20
"""Bytes of a model's file."""
MOST = 100_000
"""Candidates that an output may hold."""
GREY = (114, 114, 114)
"""What fills the model's picture beside the frame; these models were trained with it."""
SAME = 0.3
"""Intersection over union from which a thing is the one seen before."""
PATIENCE = 2
"""Looks for which a thing may go unseen before it counts as gone."""


class Found(NamedTuple):
    """One thing in one frame: its class, 0 to 1, and x, y, w, h in pixels of the frame."""

    label: str
    score: float
    rectangle: tuple[int, int, int, int]


class Model:
    """A loaded network. Raises `Unusable` for a file that is not there, or is no such model."""

    def __init__(self, root: Path, spec: Onnx) -> None:
        self._spec = spec
        path = (root / spec.model).resolve()
        if not path.is_relative_to(root.resolve()):
            raise Unusable(f"the model {spec.model} is not below the site's folder")
        try:
            if path.stat().st_size > LARGEST:
                raise Unusable(f"the model {spec.model} is larger than {LARGEST >> 20} MiB")
            data = path.read_bytes()
        except OSError as error:
            raise Unusable(f"the model {spec.model} cannot be read: {error.strerror}") from None
        try:
            self._net = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
        except cv2.error as error:
            raise Unusable(f"{spec.model} is not an ONNX model: {_short(error)}") from None
        self._run(np.zeros((1, 3, spec.size[1], spec.size[0]), np.float32))

    def find(self, frame: Frame) -> list[Found]:
        """What the model sees in *frame*."""
        width, height = self._spec.size
        scale = min(width / frame.y.shape[1], height / frame.y.shape[0])
        blob = cv2.dnn.blobFromImage(
            boxed(frame, scale, self._spec.size), 1 / 255, self._spec.size, swapRB=True
        )
        rows = self._run(blob)
        scores = rows[:, 4:] if self._plain else rows[:, 5:] * rows[:, 4:5]
        best = scores.argmax(axis=1)
        sure = scores.max(axis=1)
        believed = (sure >= self._spec.score) & np.isfinite(rows).all(axis=1)
        boxes = rows[:, :4].copy()
        boxes[:, :2] -= boxes[:, 2:] / 2
        boxes, best, sure = boxes[believed] / scale, best[believed], sure[believed]
        kept = cv2.dnn.NMSBoxesBatched(
            boxes.tolist(), sure.tolist(), best.tolist(), self._spec.score, self._spec.nms
        )
        found = (
            Found(self._spec.classes[best[i]], float(sure[i]), _within(boxes[i], frame))
            for i in kept
        )
        wanted = self._spec.only or self._spec.classes
        return [one for one in found if one.label in wanted and min(one.rectangle[2:]) > 0]

    def _run(self, blob: Field) -> Field:
        """The output as one row per candidate."""
        try:
            self._net.setInput(blob)
            out = np.asarray(self._net.forward(), np.float32)
        except cv2.error as error:
            width, height = self._spec.size
            raise Unusable(
                f"{self._spec.model} does not run on {width} x {height}: {_short(error)}"
            ) from None
        rows = out[0] if out.ndim == 3 and out.shape[0] == 1 else out
        plain, rich = 4 + len(self._spec.classes), 5 + len(self._spec.classes)
        if rows.ndim == 2 and max(rows.shape) <= MOST:
            if rows.shape[1] not in (plain, rich) and rows.shape[0] in (plain, rich):
                rows = rows.T
            if rows.shape[1] in (plain, rich):
                self._plain = rows.shape[1] == plain
                return rows
        raise Unusable(
            f"{self._spec.model} gives {out.shape}; wanted are {plain} or {rich} numbers per "
            f"candidate, for {len(self._spec.classes)} classes"
        )


class Track(msgspec.Struct):
    """One thing that is followed. `unseen`: looks in a row."""

    id: int
    found: Found
    since: Millis
    unseen: int = 0


class Named:
    """What one camera's model sees, followed from look to look."""

    def __init__(self, spec: Onnx, site: Site, model: Model) -> None:
        self._spec, self._site, self._model = spec, site, model
        everywhere = Area("", np.full((site.height, site.width), 255, np.uint8))
        self._areas = site.areas or (everywhere,)
        self._tracks: list[Track] = []
        self._ids = count(1)
        self._looked_at: Millis | None = None

    def look(self, view: View) -> Sequence[Detection]:
        if self._looked_at is None or view.at - self._looked_at >= self._spec.every:
            self._looked_at = view.at
            self._follow(self._model.find(view.frame), view.at)
        return [
            self._detection(track, area)
            for track in self._tracks
            for area in self._places(track.found)
            if view.at - track.since >= (area.dwell or self._spec.dwell)
        ]

    def _places(self, found: Found) -> list[Area]:
        """Where it stands: the areas that hold the middle of its lower edge."""
        x, y, w, h = found.rectangle
        foot = min(y + h, self._site.height) - 1, min(x + w // 2, self._site.width - 1)
        if self._site.ignored is not None and self._site.ignored[foot]:
            return []
        return [area for area in self._areas if area.mask[foot]]

    def _follow(self, left: list[Found], at: Millis) -> None:
        """Each thing takes the box of its own class that it shares most with; the rest is new."""
        for track in self._tracks:
            last = track.found
            alike = [found for found in left if found.label == last.label]
            best = max(alike, key=lambda new: overlap(new, last), default=None)
            if best and overlap(best, last) >= SAME:
                left.remove(best)
                track.found, track.unseen = best, 0
            else:
                track.unseen += 1
        self._tracks = [track for track in self._tracks if track.unseen <= PATIENCE]
        self._tracks += [Track(next(self._ids), found, at) for found in left]

    def _detection(self, track: Track, area: Area) -> Detection:
        found = track.found
        return Detection(
            label=found.label,
            score=round(found.score, 2),
            box=fractions(found.rectangle, self._site),
            track=f"{found.label}-{area.id}-{track.id}-{track.since}",
            zone=area.id,
            since=track.since,
            why=f"{self._spec.model} says {found.label} with {found.score:.2f}",
        )


def boxed(frame: Frame, scale: float, size: tuple[int, int]) -> Picture:
    """*frame* in colour, scaled, in the upper left of a picture of *size*; the rest is grey."""
    height, width = frame.y.shape
    chroma = np.stack([frame.u, frame.v]).reshape(height // 2, width)
    colour = cv2.cvtColor(np.vstack([frame.y, chroma]), cv2.COLOR_YUV2BGR_I420)
    w, h = max(1, int(width * scale)), max(1, int(height * scale))
    whole = np.full((size[1], size[0], 3), GREY, np.uint8)
    whole[:h, :w] = cv2.resize(colour, (w, h), interpolation=cv2.INTER_LINEAR)
    return whole


def overlap(a: Found, b: Found) -> float:
    """Intersection over union of two boxes."""
    (x1, y1, w1, h1), (x2, y2, w2, h2) = a.rectangle, b.rectangle
    w = max(0, min(x1 + w1, x2 + w2) - max(x1, x2))
    h = max(0, min(y1 + h1, y2 + h2) - max(y1, y2))
    return w * h / (w1 * h1 + w2 * h2 - w * h)


def _within(box: Field, frame: Frame) -> tuple[int, int, int, int]:
    """x, y, w, h in whole pixels, cut at the frame's border."""
    height, width = frame.y.shape
    x1, x2 = (round(min(max(float(x), 0), width)) for x in (box[0], box[0] + box[2]))
    y1, y2 = (round(min(max(float(y), 0), height)) for y in (box[1], box[1] + box[3]))
    return x1, y1, x2 - x1, y2 - y1


def _short(error: cv2.error) -> str:
    """What OpenCV says, in a line."""
    return " ".join(str(error.err or error).split())[:200]
