"""`linli vision`: how good are the detectors, on clips whose truth is known?"""

import argparse
import json
import sys
from pathlib import Path

import cv2
import msgspec

from vision import evaluate
from vision.evaluate import Clip, Report, Score
from vision.frame import Plane
from vision.sheet import Sheet
from vision.watcher import Sight

HELP = "Score the detectors on clips whose truth is known."
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


def run(args: argparse.Namespace) -> int:
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
