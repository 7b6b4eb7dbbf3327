"""Judges stored pictures again with other settings: what would be found, since when, and what
would not, and why. Nothing is kept and nobody is told."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from gateway.model import Evidence, Millis
from vision.camera import CameraSpec
from vision.capture import Lost, from_jpeg, longest
from vision.detector import Unusable
from vision.evidence import Shot
from vision.frame import LONGEST, Plane
from vision.jpeg import BadPicture
from vision.keepsake import unpacked
from vision.messages import Tried, Try
from vision.observer import Observer
from vision.outcome import Moment, Rehearsal, Report
from vision.privacy import burn
from vision.recent import SHOWN, STEP, Footage, shrunk
from vision.streams import skimmed
from vision.watcher import Sight, Watcher, drawn

MOMENTS = 60
"""Told in full, the last one among them; reports are told all."""
NOTHING = Footage((), b"", ())


def rehearse(spec: CameraSpec, root: Path, footage: Footage) -> Rehearsal:
    """Run the detectors of *spec* over *footage*. Raises `Unusable`."""
    watcher, reports = Watcher(spec, root), dict[str, Report]()
    with suppress(ValueError):  # nothing was learnt: it learns from the first pictures
        watcher.recalled = unpacked(footage.scene)
    moments: list[Moment] = []
    frames = len(footage.frames)
    wanted = {frames - 1 - round(i * (frames - 1) / (MOMENTS - 1)) for i in range(MOMENTS)}
    for number, (at, picture) in enumerate(_pictures(spec, footage)):
        sight = watcher.see(picture, at)
        _note(reports, sight)
        if number in wanted:
            waiting = () if sight.health else tuple(watcher.waiting())
            moments.append(Moment(at, sight.detections, waiting, sight.health))
    start, end = (moments[0].at, moments[-1].at) if moments else (0, 0)
    told = tuple(sorted(reports.values(), key=lambda one: one.at))
    return Rehearsal(start, end, tuple(moments), told, tuple(p.at for p in footage.pictures))


def _note(reports: dict[str, Report], sight: Sight) -> None:
    for d in sight.detections:
        if known := reports.get(d.track):
            reports[d.track] = replace(known, until=sight.at, why=d.why)
            continue
        since = sight.at if d.since is None else d.since
        reports[d.track] = Report(d.label, d.zone, sight.at, sight.at, since, d.box, d.why)


def _pictures(spec: CameraSpec, footage: Footage) -> Iterator[tuple[Millis, Plane]]:
    for shot in footage.frames:
        picture = from_jpeg(shot.jpeg, 10 * LONGEST)
        if isinstance(picture, BadPicture):  # we wrote it
            raise Unusable(f"a stored picture cannot be read: {picture}")
        if spec.privacy:
            height, width = picture.shape[0] * 2 // 3, picture.shape[1]
            burn(picture, drawn(spec.privacy, width, height))
        yield shot.at, picture


def filmed(spec: CameraSpec, root: Path, shots: Iterable[tuple[float, Plane]]) -> Footage:
    """Footage of a clip, as if *spec* were its camera: *shots* are seconds and I420 pictures.
    Evidence is not written."""
    silent = replace(spec, evidence=replace(spec.evidence, keep=False))
    observer = Observer(silent, _nothing, root)
    frames, pictures = list[Shot](), list[Shot]()
    for seconds, picture in shots:
        at = round(seconds * 1000) + 1
        observer.see(picture, at)  # burns the privacy areas in
        frames.append(Shot(at, shrunk(picture, spec)))
        if not pictures or at - pictures[-1].at >= SHOWN / 2:
            pictures.append(Shot(at, observer.preview()))
    return Footage(tuple(frames), b"", tuple(pictures))


def _nothing(jpeg: bytes, role: str, at: Millis) -> Evidence:
    raise AssertionError("a rehearsal keeps no evidence")


class Stage:
    """Where the worker rehearses. The last clip is kept, for a slider is moved more than once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._clip, self._filmed = ("", ""), NOTHING

    def perform(self, asked: Try, recent: Footage) -> Tried:
        """On *recent*, or on the clip that was asked for."""
        try:
            footage = self._footage(asked) if asked.clip else recent
            outcome = rehearse(asked.camera, self._root, footage)
        except (Lost, Unusable) as error:
            return Tried(asked.id, None, str(error), {})
        pictures = {shot.at: shot.jpeg for shot in footage.pictures} if asked.pictures else {}
        return Tried(asked.id, outcome, "", pictures)

    def _footage(self, asked: Try) -> Footage:
        if self._clip != (asked.camera.id, asked.clip):
            shots = skimmed(self._root, asked.clip, STEP / 1000, longest(asked.camera))
            self._filmed = filmed(asked.camera, self._root, shots)
            self._clip = asked.camera.id, asked.clip
        return self._filmed
