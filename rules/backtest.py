"""What a rule would have done: the same engine, over the past.

Columns first: `Rule.shortlist` names the readings that can matter. From one of them on, the
engine judges reading by reading, until all is quiet again; then the next one. What opens and
closes is what a live run would have opened and closed, up to the rounding of sums.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from gateway.model import Millis, Observation, Reading, Scene, Severity, Signal, Subject
from rules.cell import Cell
from rules.engine import Engine
from rules.lifecycle import QUIET
from rules.past import Track
from rules.rule import Rule
from rules.shortlist import Ints
from rules.silences import SilenceSpec

PIECE = 100_000
Places = NDArray[np.int32]


class Episode(NamedTuple):
    """An incident that would have been."""

    rule: str
    key: str
    opened: Millis
    closed: Millis | None
    """None: still open at the end."""
    severity: Severity | None
    devices: tuple[str, ...]
    why: str


class Setting(NamedTuple):
    """What a rule is judged in, besides what was seen."""

    subjects: Mapping[str, Subject]
    zone: ZoneInfo
    silences: Sequence[SilenceSpec] = ()
    others: Sequence[Rule] = ()
    """The rules that it names in `unless`."""


def judge(rule: Rule, unit: Sequence[Track], setting: Setting, end: Millis) -> list[Episode]:
    """The incidents of *rule* over the series of *unit*, until *end*."""
    chosen = None if setting.others or rule.joint else _choose(rule, unit, setting.subjects)
    if chosen is None:
        return replay(rule, unit, (), setting, end)
    trial = _Trial(rule, setting)
    signals = [*trial.jumping(chosen), *trial.advance(end)]
    return list(_episodes(signals))


def replay(
    rule: Rule,
    unit: Sequence[Track],
    scenes: Sequence[Scene],
    setting: Setting,
    end: Millis,
) -> list[Episode]:
    """The incidents of *rule* over all that was seen, judged one by one."""
    trial = _Trial(rule, setting)
    signals: list[Signal] = []
    for seen in merged(unit, scenes):
        signals += trial.observe(seen)
    signals += trial.advance(end)
    return [e for e in _episodes(signals) if e.rule == rule.id]


def merged(unit: Sequence[Track], scenes: Iterable[Scene]) -> Iterator[Observation]:
    """All readings and scenes, in order of time."""
    readings = _readings(unit)
    return merge(readings, scenes, key=attrgetter("at")) if scenes else readings


def _readings(unit: Sequence[Track]) -> Iterator[Observation]:
    """All readings of *unit*, in order of time."""
    for numbers, indexes in _in_order(unit):
        at, value = np.empty(len(numbers), np.int64), np.empty(len(numbers))
        for number in np.unique(numbers):
            mine = numbers == number
            at[mine] = unit[number].at[indexes[mine]]
            value[mine] = unit[number].value[indexes[mine]]
        columns = numbers.tolist(), indexes.tolist(), at.tolist(), value.tolist()
        for number, index, when, what in zip(*columns, strict=True):
            track = unit[number]
            if track.texts and index in track.texts:
                yield track.reading(index)
            else:
                yield Reading(track.device, track.quantity, what, when, None, 0, track.unit)


class _Chosen(NamedTuple):
    """A device's series, and the indexes from which on to judge it."""

    track: Track
    wanted: Ints
    since: Callable[[int], int]


def _choose(
    rule: Rule, unit: Sequence[Track], subjects: Mapping[str, Subject]
) -> list[_Chosen] | None:
    """What can matter, one series for each device; None where all may."""
    series = [track.numbers() for track in unit] if rule.numeric else list(unit)
    if not rule.parts()[0].select.quantity:
        series = _by_device(series)
    series = [track for track in series if len(track.at)]
    if len({track.device for track in series}) < len(series):
        return None
    found = []
    for track in series:
        subject = subjects.get(track.device) or Subject(track.device)
        one = rule.shortlist(subject, track.at, track.value)
        if one is None:
            return None
        found.append(_Chosen(track, one.worth(track.at, rule.wait), one.since))
    return found


def _by_device(unit: Sequence[Track]) -> list[Track]:
    """All that a device says as one series, for rules that ask only whether it says anything."""
    devices: dict[str, list[Track]] = {}
    for track in unit:
        devices.setdefault(track.device, []).append(track)
    joined = {
        device: np.sort(np.concatenate([track.at for track in tracks]), kind="stable")
        for device, tracks in devices.items()
    }
    return [Track(device, "", "", at, np.zeros(len(at)), {}) for device, at in joined.items()]


class _Trial(Engine):
    """An engine that may pass over what cannot matter."""

    def __init__(self, rule: Rule, setting: Setting) -> None:
        rules = [rule, *setting.others]
        super().__init__(rules, setting.subjects, setting.zone, setting.silences)
        self._armed = True  # the past does not say who was expected and never came

    def jumping(self, chosen: Sequence[_Chosen]) -> list[Signal]:
        """Judge where something may happen; one cell for each series."""
        if len(chosen) == 1:
            return self._alone(chosen[0])
        out: list[Signal] = []
        tracks = [one.track for one in chosen if len(one.wanted)]
        begins = [set(one.wanted.tolist()) for one in chosen if len(one.wanted)]
        sinces = [one.since for one in chosen if len(one.wanted)]
        cells = [self._cell_of(track) for track in tracks]
        busy = [False] * len(tracks)
        for number, index in _places(tracks):
            if not busy[number]:
                if index not in begins[number]:
                    continue
                self._warm(cells[number], tracks[number], sinces[number](index), index)
            out += self.observe(tracks[number].reading(index))
            busy[number] = not self._settled(cells[number], tracks[number], index)
        return out

    def _alone(self, chosen: _Chosen) -> list[Signal]:
        out: list[Signal] = []
        track, wanted, since = chosen
        cell, index, busy = self._cell_of(track), -1, False
        while True:
            if busy:
                index += 1
            else:
                place = int(np.searchsorted(wanted, index, side="right"))
                index = int(wanted[place]) if place < len(wanted) else len(track.at)
            if index >= len(track.at):
                return out
            if not busy:
                self._warm(cell, track, since(index), index)
            out += self.observe(track.reading(index))
            if index + 1 < len(track.at):
                out += self.advance(track.at.item(index + 1))
            busy = not self._settled(cell, track, index)

    def _cell_of(self, track: Track) -> Cell:
        ((cell, _),) = self._register.route((track.device, track.quantity), self._now)
        return cell

    def _warm(self, cell: Cell, track: Track, start: int, index: int) -> None:
        """Make the state anew of the readings from *start* to before *index*."""
        cell.state = cell.rule.start(cell.subject, track.at.item(start))
        cell.due = None
        for earlier in range(start, index):
            cell.rule.take(cell.state, track.reading(earlier), 0)

    def _settled(self, cell: Cell, track: Track, index: int) -> bool:
        """Whether what comes after *index* is judged as if nothing had been before."""
        follows = index + 1 < len(track.at)
        if follows and cell.due is not None and cell.due <= track.at.item(index + 1):
            return False
        if cell.life is not QUIET:
            return False
        return cell.rule.verdict(cell.state, self._now, False) is False


def _places(unit: Sequence[Track]) -> Iterator[tuple[int, int]]:
    """(number of the track, index in it) of all readings, in order of time."""
    for numbers, indexes in _in_order(unit):
        yield from zip(numbers.tolist(), indexes.tolist(), strict=True)


def _in_order(unit: Sequence[Track]) -> Iterator[tuple[Places, Places]]:
    """Numbers of tracks and indexes in them of all readings, in order of time; piece by piece,
    since as Python's numbers all at once would be gigabytes."""
    if not unit:
        return
    counts = [len(track.at) for track in unit]
    number = np.repeat(np.arange(len(unit), dtype=np.int32), counts)
    index = np.concatenate([np.arange(count, dtype=np.int32) for count in counts])
    order = np.argsort(np.concatenate([track.at for track in unit]), kind="stable")
    for start in range(0, len(order), PIECE):
        piece = order[start : start + PIECE]
        yield number[piece], index[piece]


def _episodes(signals: Sequence[Signal]) -> Iterator[Episode]:
    open_ones: dict[tuple[str, str], Episode] = {}
    for signal in signals:
        where = signal.rule, signal.key
        before = open_ones.pop(where, None)
        if not signal.firing:
            if before is not None:
                yield before._replace(closed=signal.at)
            continue
        why = signal.reasons[0].text if signal.reasons else ""
        opened, why = (signal.at, why) if before is None else (before.opened, before.why)
        open_ones[where] = Episode(*where, opened, None, signal.severity, signal.devices, why)
    yield from open_ones.values()
