"""Contact sheets: every report and every miss of an evaluation as a picture, to be looked at.

They show the clips as they are, unmasked: they are the evaluator's own, and leave no gateway.
"""

from typing import NamedTuple

import cv2
import numpy as np

from gateway.model import Box
from vision.evaluate import Clip, Report
from vision.frame import Picture, Plane

TILE = (320, 240)
ACROSS = 4
GREEN, RED, AMBER = (90, 200, 60), (60, 60, 230), (40, 180, 250)


class Tile(NamedTuple):
    """One picture of the sheet."""

    kind: str
    text: str
    picture: Picture


class Sheet:
    """Collects tiles while clips are run. Feed it every picture of a clip, in order."""

    def __init__(self) -> None:
        self.tiles: list[Tile] = []
        self._told = 0
        self._late: dict[int, Plane] = {}

    def begin(self) -> None:
        self._told, self._late = 0, {}

    def watch(
        self, at: float, picture: Plane, clip: Clip, dwell: float, so_far: list[Report]
    ) -> None:
        """Keep what is needed of *picture*: new reports, and events when they were due."""
        for report in so_far[self._told :]:
            kind = "false" if report.event is None else "true"
            text = f"{kind} {clip.file} {at:.1f} s"
            self.tiles.append(Tile(kind, text, tile(picture, report.box, kind, text)))
        self._told = len(so_far)
        for i, event in enumerate(clip.events):
            if at <= min(event.left_s + dwell, event.gone_s):
                self._late[i] = picture

    def end(self, clip: Clip, reports: list[Report]) -> None:
        """Add the events that nobody reported, as they looked when they were due."""
        found = {report.event for report in reports}
        for i, event in enumerate(clip.events):
            if i not in found and i in self._late:
                text = f"missed {clip.file}"
                self.tiles.append(
                    Tile("missed", text, tile(self._late[i], event.box, "missed", text))
                )

    def drawn(self) -> Picture:
        """All tiles, false alarms and misses first."""
        order = {"false": 0, "missed": 1, "true": 2}
        pictures = [t.picture for t in sorted(self.tiles, key=lambda t: order[t.kind])]
        blank = np.zeros((TILE[1], TILE[0], 3), np.uint8)
        pictures += [blank] * (-len(pictures) % ACROSS or (0 if pictures else ACROSS))
        rows = [np.hstack(pictures[i : i + ACROSS]) for i in range(0, len(pictures), ACROSS)]
        return np.vstack(rows)


def tile(picture: Plane, box: Box, kind: str, text: str) -> Picture:
    """*picture* (I420) at the size of a tile with *box* drawn in."""
    colour = {"true": GREEN, "false": RED, "missed": AMBER}[kind]
    shown = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420), TILE)
    x1, y1, x2, y2 = (round(f * n) for f, n in zip(box, TILE * 2, strict=True))
    cv2.rectangle(shown, (x1, y1), (x2, y2), colour, 2)
    cv2.rectangle(shown, (0, 0), (TILE[0], 16), (0, 0, 0), -1)
    cv2.putText(shown, text, (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)
    return shown
