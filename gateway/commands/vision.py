"""`linli vision`: how good are the detectors, on clips whose truth is known? And more clips."""

import argparse
import json
import sys
from itertools import count
from pathlib import Path

import cv2
import msgspec
from msgspec.structs import replace

from config.load import Invalid, load
from gateway import durable
from gateway.yaml_edit import put
from vision import evaluate, recording, truth
from vision.capture import Lost
from vision.evaluate import Clip, Event, Report, Score
from vision.frame import Plane
from vision.recording import LONGEST
from vision.sheet import Sheet
from vision.watcher import Sight

HELP = "Score the detectors on clips whose truth is known; make such clips."
EXAMPLE = "  linli vision eval ../shared/data/vision --fps 2 --json"

ROW = "{:<24} {:>6} {:>5} {:>6} {:>8} {:>8} {:>8}  {}"
HEAD = ROW.format("clip", "events", "found", "false", "seconds", "false/h", "ms/frame", "delays s")


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    run = verbs.add_parser("eval", help="run the detectors over the clips of DIR/truth.yaml")
    run.add_argument("dir", type=Path, metavar="DIR", help="folder with truth.yaml and its clips")
    run.add_argument("--dwell", type=_positive, metavar="S", help="seconds; overrides each clip's")
    run.add_argument("--fps", type=_positive, default=5.0, help="pictures per second looked at (5)")
    run.add_argument("--json", action="store_true", help="for programs")
    run.add_argument(
        "--sheet", type=Path, metavar="FILE", help="every report and miss as a picture"
    )
    run.add_argument("--reports", action="store_true", help="list every report with its reason")
    run.set_defaults(act=score)
    _record_arguments(verbs.add_parser("record", help="cut a clip from a camera of a site"))
    _label_arguments(verbs.add_parser("label", help="say what happens in a clip"))


def _record_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("camera", metavar="CAMERA", help="its id in cameras.yaml")
    parser.add_argument("seconds", type=_positive, metavar="SECONDS", help=f"up to {LONGEST:.0f}")
    parser.add_argument("--site", type=Path, default=Path(), metavar="DIR", help="default: here")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="an .avi; default: clips")
    parser.set_defaults(act=record)


def _label_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clip", type=Path, metavar="CLIP", help="truth.yaml is beside it")
    parser.add_argument("--kind", choices=truth.KINDS, help="default: left_object")
    parser.add_argument("--put", type=float, metavar="S", help="it touches the ground, or is taken")
    parser.add_argument("--left", type=float, metavar="S", help="nobody is with it any more")
    parser.add_argument("--gone", type=float, metavar="S", help="it is as before; default: the end")
    box = ("X1", "Y1", "X2", "Y2")
    parser.add_argument("--box", type=float, nargs=4, metavar=box, help="fractions of the picture")
    parser.add_argument("--event", type=int, metavar="N", help="change this one; default: add one")
    parser.add_argument("--remove", type=int, metavar="N", help="take this event out")
    parser.add_argument("--dwell", type=_positive, metavar="S", help="seconds until it counts (10)")
    parser.add_argument("--fps", type=_positive, metavar="N", help="default: as the clip says")
    parser.add_argument("--until", type=_positive, metavar="S", help="score only this much")
    parser.add_argument("--note", help="for people")
    parser.set_defaults(act=label)


def run(args: argparse.Namespace) -> int:
    return int(args.act(args))


def record(args: argparse.Namespace) -> int:
    """0: the clip is there; 1: the camera gave none; 2: there is no such camera."""
    try:
        cameras = {camera.id: camera for camera in load(args.site).cameras}
    except Invalid as error:
        print(f"{args.site}: {error}", file=sys.stderr)
        return 1
    if args.camera not in cameras or args.seconds > LONGEST:
        known = ", ".join(sorted(cameras)) or "none"
        print(f"a camera ({known}) and at most {LONGEST:.0f} s", file=sys.stderr)
        return 2
    file = args.output or _free(args.site / "clips", args.camera)
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        pictures = recording.record(cameras[args.camera], args.site, args.seconds, file)
    except Lost as error:
        print(f"{args.camera}: no clip was cut: {error}", file=sys.stderr)
        return 1
    print(f"{file}: {pictures} pictures; say what happens in it with: linli vision label {file}")
    return 0


def _free(folder: Path, camera: str) -> Path:
    names = (folder / f"{camera}-{n:03}.avi" for n in count(1))
    return next(path for path in names if not path.exists())


def label(args: argparse.Namespace) -> int:
    """0: it is written; 1: what was said cannot be true; 2: there is no such clip or event."""
    file = args.clip.parent / "truth.yaml"
    try:
        fps, seconds = truth.probed(args.clip)
        known = evaluate.clips(args.clip.parent) if file.exists() else ()
        old = next((one for one in known if one.file == args.clip.name), None)
        clip = _relabelled(old or Clip(args.clip.name, fps, 10.0), args, seconds, fps)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if wrong := list(truth.faults(clip, seconds * fps / clip.fps)):
        print("\n".join(wrong), file=sys.stderr)
        return 1
    text = file.read_text("utf-8") if file.exists() else ""
    durable.write(file, put(text, "clips", truth.plain(clip), "file").encode())
    print(f"{args.clip.name}: {seconds:.1f} s, dwell {clip.dwell_s:g} s, {len(clip.events)} events")
    for n, event in enumerate(clip.events, 1):
        box = " ".join(f"{side:g}" for side in event.box)
        times = f"{event.put_s:g} {event.left_s:g} {event.gone_s:g}"
        print(f"  {n}  {event.kind}  put, left, gone {times} s  box {box}")
    return 0


def _relabelled(clip: Clip, args: argparse.Namespace, seconds: float, fps: float) -> Clip:
    """*clip* as the flags say. Raises ValueError."""
    settings = {"dwell_s": args.dwell, "fps": args.fps, "until_s": args.until, "note": args.note}
    clip = replace(clip, **{k: v for k, v in settings.items() if v is not None})
    flags = {"kind": args.kind, "put_s": args.put, "left_s": args.left, "gone_s": args.gone}
    said = {k: v for k, v in (*flags.items(), ("box", args.box)) if v is not None}
    said |= {"box": tuple(args.box)} if args.box else {}
    number, events = args.remove or args.event, list(clip.events)
    if number is not None and not 1 <= number <= len(events):
        raise ValueError(f"there is no event {number}; it has {len(events)}")
    if args.remove:
        del events[args.remove - 1]
    elif args.event:
        events[args.event - 1] = replace(events[args.event - 1], **said)
    elif said:
        if args.put is None or args.box is None:
            raise ValueError("an event needs --put and --box")
        end = round(seconds * fps / clip.fps, 2)
        usual = {"kind": "left_object", "left_s": args.put, "gone_s": end}
        events.append(Event(**{**usual, **said}))
    return replace(clip, events=tuple(events))


def score(args: argparse.Namespace) -> int:
    """0: all clips were run; 1: one of them, or the truth, could not be read."""
    cv2.setNumThreads(1)
    try:
        found = evaluate.clips(args.dir)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    if not args.json:
        print(HEAD)
    scores, failed, sheet = [], 0, Sheet()
    for number, clip in enumerate(found):
        bar = _Bar(number, len(found), clip.file)
        try:
            scores.append(_score(clip, args, bar, sheet))
        except (OSError, ValueError) as error:
            failed = 1
            print(f"{clip.file}: cannot be played: {error}", file=sys.stderr)
    if args.sheet:
        cv2.imwrite(str(args.sheet), sheet.drawn())
    total = evaluate.total(scores)
    if args.json:
        print(json.dumps({"clips": msgspec.to_builtins(scores), "total": total}, indent=1))
    else:
        print(_last(total))
    return failed


class _Bar:
    """Where the evaluation is, on a terminal: `[####......] 4/11 vtest.avi   35 s`."""

    WIDTH = 24

    def __init__(self, done: int, of: int, name: str) -> None:
        full = round(self.WIDTH * done / of)
        self._text = f"[{'#' * full}{'.' * (self.WIDTH - full)}] {done + 1}/{of} {name}"
        self._shown = sys.stderr.isatty()

    def at(self, seconds: float) -> None:
        if self._shown:
            print(f"\r{self._text} {seconds:5.0f} s\x1b[K", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _score(clip: Clip, args: argparse.Namespace, bar: _Bar, sheet: Sheet) -> Score:
    reports: list[Report] = []
    dwell = args.dwell or clip.dwell_s
    sheet.begin()

    def watch(at: float, picture: Plane, sight: Sight, so_far: list[Report]) -> None:
        reports[:] = so_far
        bar.at(at)
        sheet.watch(at, picture, clip, dwell, so_far)

    result = evaluate.score(args.dir, clip, dwell, args.fps, watch)
    bar.clear()
    sheet.end(clip, reports)
    if not args.json:
        print(_row(result))
        if args.reports:
            print("".join(_line(one) for one in reports), end="")
    return result


def _row(one: Score) -> str:
    hourly = one.false_alarms * 3600 / one.seconds
    delays = ", ".join(f"{delay:.1f}" for delay in one.delays_s)
    return ROW.format(
        one.file,
        one.events,
        one.found,
        one.false_alarms,
        f"{one.seconds:.1f}",
        f"{hourly:.1f}",
        f"{one.ms_per_frame:.2f}",
        delays,
    )


def _line(one: Report) -> str:
    x1, y1, x2, y2 = one.box
    kind = "false" if one.event is None else "true"
    return f"    {kind:<5} at {one.at:6.1f} s, {x1:.2f} {y1:.2f} {x2:.2f} {y2:.2f}: {one.why}\n"


def _last(total: dict[str, float | int | None]) -> str:
    delay = total["median_delay_s"]
    return ROW.format(
        "all",
        str(total["events"]),
        str(total["found"]),
        str(total["false_alarms"]),
        "",
        str(total["false_alarms_per_hour"]),
        f"{total['ms_per_frame']:.2f}",
        "" if delay is None else f"median {delay:.1f}",
    )


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value
