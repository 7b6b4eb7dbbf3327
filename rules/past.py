"""The past as columns: series by device and quantity, and which of them belong together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.model import Quality, Reading, Subject
from rules.routes import Routes, key_of
from rules.rule import Rule
from rules.shortlist import Floats, Ints

_UNFIT = int(Quality.NOT_FOR_RULES)


class Piece(Protocol):
    """Consecutive readings of one series, as the store's history gives them."""

    @property
    def device(self) -> str: ...
    @property
    def quantity(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def at(self) -> Ints: ...
    @property
    def value(self) -> Floats: ...
    @property
    def quality(self) -> NDArray[np.uint16]: ...
    @property
    def texts(self) -> Mapping[int, str]: ...


class Track(NamedTuple):
    """The whole past of one device's quantity, as rules see it: arrays of one length."""

    device: str
    quantity: str
    unit: str
    at: Ints
    value: Floats
    texts: Mapping[int, str]

    def reading(self, index: int) -> Reading:
        value = self.texts.get(index) if self.texts else None
        if value is None:
            return Reading(
                self.device,
                self.quantity,
                self.value.item(index),
                self.at.item(index),
                unit=self.unit,
            )
        return Reading(self.device, self.quantity, value, self.at.item(index))

    def numbers(self) -> "Track":
        """Only the finite numbers."""
        if not self.texts and np.isfinite(self.value).all():
            return self
        kept = np.flatnonzero(np.isfinite(self.value))
        return self._replace(at=self.at[kept], value=self.value[kept], texts={})


def tracks(pieces: Iterable[Piece]) -> Iterator[Track]:
    """Whole series from consecutive pieces; without the readings that rules do not see."""
    waiting: list[Piece] = []
    for piece in pieces:
        if waiting and (piece.device, piece.quantity) != (waiting[0].device, waiting[0].quantity):
            yield _joined(waiting)
            waiting = []
        waiting.append(piece)
    if waiting:
        yield _joined(waiting)


def _joined(pieces: Sequence[Piece]) -> Track:
    at, value, texts, offset = [], [], dict[int, str](), 0
    for piece in pieces:
        fit = (piece.quality & _UNFIT) == 0
        kept = np.flatnonzero(fit)
        at.append(piece.at if len(kept) == len(piece.at) else piece.at[kept])
        value.append(piece.value if len(kept) == len(piece.at) else piece.value[kept])
        for index, text in piece.texts.items():
            if fit[index]:
                texts[offset + int(np.searchsorted(kept, index))] = text
        offset += len(kept)
    first = pieces[0]
    track = Track(
        first.device, first.quantity, first.unit, np.concatenate(at), np.concatenate(value), texts
    )
    return track if _in_order(track.at) else _sorted(track)


def _in_order(at: Ints) -> bool:
    return bool((at[1:] >= at[:-1]).all())


def _sorted(track: Track) -> Track:
    """A series whose unit changed comes in two runs."""
    order = np.argsort(track.at, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    texts = {int(place[index]): text for index, text in track.texts.items()}
    return track._replace(at=track.at[order], value=track.value[order], texts=texts)


def alone(rules: Iterable[Rule]) -> bool:
    """Whether each device can be judged for itself."""
    return all(r.by in ("device", "camera") and not r.joint and not r.unless for r in rules)


def units(
    rules: Sequence[Rule], subjects: Mapping[str, Subject], tracks: Iterable[Track]
) -> Iterator[list[Track]]:
    """What must be judged together: a device's series; or all of a key, where the rule is joint
    or its incidents are. Pass the series ordered by device."""
    finder = Routes(rules)
    kept: dict[str, list[Track]] = {}
    for track in tracks:
        subject = subjects.get(track.device) or Subject(track.device)
        looks = list(finder.find(subject, track.quantity))
        if not looks or not len(track.at):
            continue
        whole = any(rule.unless for rule in rules)
        key = "" if whole else key_of(looks[0].rule, subject)
        if alone(rules) and key not in kept:
            yield from kept.values()
            kept = {}
        kept.setdefault(key, []).append(track)
    yield from kept.values()
