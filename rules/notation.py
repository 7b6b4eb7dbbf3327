"""Series as operators write them in tests: short, regular, and readable.

Readings, one each `every` (the notation of promtool):

    80 85 _ 95      three values with a gap
    80+5x3          80 85 90 95: from 80, three steps up
    95x4            95 five times        _x4: four gaps
    open closed     words                open*3: three times

Scenes of a camera:

    -               nothing is seen      -*3: three times     _: no scene comes
    bag@gate        a bag in the zone gate; bag@gate+car: two things at once
    bag@gate#2      the second bag
    !covered        the camera does not see
"""

import re
from typing import Any, NamedTuple, Self

from gateway.model import Duration

LONGEST = 100_000
"""Samples of one series; a test is no load test."""
_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
_STEPS = re.compile(rf"({_NUMBER})(?:([-+]\d+(?:\.\d+)?))?x(\d+)")
_GAPS = re.compile(r"_(?:x(\d+))?")
_THING = re.compile(r"(?P<label>\w+)(?:@(?P<zone>[\w-]+))?(?:#(?P<track>[\w-]+))?")


class Timeline(tuple[tuple[int | None, Any], ...]):
    """Samples with their offsets in milliseconds; None where `every` says it."""


class Series(Timeline):
    """Values of one quantity: `80+5x3 _x2 95`, or `{0s: 80, 32m: 95}`.

    >>> [value for _, value in Series.parse("80+5x2 _ on*2")]
    [80.0, 85.0, 90.0, None, 'on', 'on']
    """

    @classmethod
    def parse(cls, raw: Any) -> Self:
        return cls(_timeline(raw, _values))


class Thing(NamedTuple):
    """Something that a camera sees."""

    label: str
    zone: str
    track: str


class Look(NamedTuple):
    """What one scene shows."""

    things: tuple[Thing, ...] = ()
    health: str = ""


class Looks(Timeline):
    """Scenes of one camera: `- bag@gate*5 !covered`, or `{0s: "-", 5m: bag@gate}`."""

    @classmethod
    def parse(cls, raw: Any) -> Self:
        return cls(_timeline(raw, _looks))


def _timeline(raw: Any, expand: Any) -> list[tuple[int | None, Any]]:
    if isinstance(raw, dict):
        return [
            (int(Duration.parse(_time(at))), item)
            for at, text in raw.items()
            for item in expand(str(text))
        ]
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str):
        raise ValueError(f"{raw!r} is no series; write `80+5x3 _x2 95` or {{0s: 80, 32m: 95}}")
    found: list[tuple[int | None, Any]] = [
        (None, item) for token in raw.split() for item in expand(token)
    ]
    if len(found) > LONGEST:
        raise ValueError(f"a series of {len(found)} samples; {LONGEST} are the most")
    return found


def _time(text: str) -> Any:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else text


def _values(token: str) -> list[float | str | None]:
    if gaps := _GAPS.fullmatch(token):
        return [None] * _times(gaps[1] or "1")
    if steps := _STEPS.fullmatch(token):
        start, step = float(steps[1]), float(steps[2] or 0)
        return [round(start + n * step, 9) for n in range(_times(steps[3]) + 1)]
    word, _, times = token.partition("*")
    value = float(word) if re.fullmatch(_NUMBER, word, re.IGNORECASE) else word
    return [value] * _times(times or "1")


def _looks(token: str) -> list[Look | None]:
    if gaps := _GAPS.fullmatch(token):
        return [None] * _times(gaps[1] or "1")
    what, _, times = token.partition("*")
    return [_look(what)] * _times(times or "1")


def _look(text: str) -> Look:
    if text == "-":
        return Look()
    if text.startswith("!"):
        return Look(health=text[1:])
    found = [_THING.fullmatch(part) for part in text.split("+")]
    if not all(found):
        raise ValueError(f"{text!r} is no scene; write -, bag@gate, bag@gate+car or !covered")
    return Look(
        tuple(
            Thing(m["label"], m["zone"] or "", f"{m['label']}-{m['track'] or 1}")
            for m in found
            if m is not None
        )
    )


def _times(text: str) -> int:
    if not text.isdigit() or int(text) > LONGEST:
        raise ValueError(f"{text!r} is no number of times; {LONGEST} are the most")
    return int(text)
