"""One camera's view of its scene: what is new, what of it stays, what moves past.

    Frame --relight--> Look --reference--> foreign --candidates--> shown, age

Every detector of the camera reads the same `View`; nothing is computed twice.
"""

from typing import NamedTuple

import cv2
import numpy as np

from gateway.model import Millis
from vision.candidates import Candidates
from vision.frame import Field, Frame, Mask, above
from vision.level import level_of
from vision.reference import Look, Reference
from vision.register import NONE, shift
from vision.relight import relit

LONGEST_STEP = 5.0
"""Seconds: a longer gap between two frames tells nothing of what happened in it."""
REGISTER = 2000
"""Millis between two looks at whether the camera was nudged."""
LESSON = 0.4
"""Seconds between two lessons for the reference."""
SWAY = 0.8
"""Seconds over which stillness is judged."""
SWAP = 3.0
"""What is new is the scene itself once it was seen this many times as long as the old."""
MATURE = 20.0
"""Seconds of support after which the reference is not given up any more."""


class View(NamedTuple):
    """What detectors may look at. Masks are 0/255, h x w; ages in seconds."""

    frame: Frame
    look: Look
    reference: Reference
    candidates: Candidates
    foreign: Mask
    """Not the reference: persons, bags, ghosts, hard light."""
    shown: Mask
    """The frame shows the candidate: foreign, and the same as before."""
    passing: Mask
    """Foreign and on the move: seen for less than a second, or in the way of a candidate."""
    stirred: Mask | None
    """What changed since about a second ago; None while that second is not over."""
    lapse: float
    """Seconds that `stirred` spans."""
    dt: float
    """Seconds since the frame before."""

    @property
    def at(self) -> Millis:
        return self.frame.at


class Scenery:
    """Reference, light and candidates of one camera. Feed it every frame, in order."""

    def __init__(self, longest: float) -> None:
        """*longest*: seconds up to which an age is counted; above twice the longest dwell."""
        self._longest = longest
        self._at: Millis = 0
        self.reference: Reference | None = None
        """The learnt scene; None before the first frame."""
        self._candidates: Candidates
        self._foreign: Mask
        self._unlearnt = 0.0
        self._registered: Millis = 0
        self._shift = NONE
        self._then: Field
        self._then_at: Millis = 0

    def see(self, frame: Frame, *, learn: bool = True) -> View | None:
        """The view of *frame*; None while there is nothing to compare it with. Do not *learn* from
        a camera that does not see its scene."""
        reference = self.reference
        if reference is None:
            self._start(frame, Reference.of(frame))
            return None
        dt = min((frame.at - self._at) / 1000, LONGEST_STEP)
        if dt <= 0:
            return None
        self._at = frame.at
        look = relit(frame, reference, self._foreign)
        if self._nudged(reference, look):
            look = relit(frame, reference, self._foreign)
        foreign = _clean(reference.differs(look))
        shown = self._candidates.follow(look, foreign, dt, self._longest)
        self._unlearnt = min(self._unlearnt + dt, LONGEST_STEP)
        if learn and self._unlearnt >= LESSON:
            reference.learn(look, cv2.bitwise_not(_grown(foreign)), self._unlearnt)
            self._unlearnt = 0.0
        self._foreign = foreign
        if learn:
            self._grow_up(reference, look, shown)
        settled = above(self._candidates.age, 1.0)
        passing = cv2.bitwise_and(foreign, cv2.bitwise_not(cv2.bitwise_and(shown, settled)))
        stirred, lapse = self._compare(reference, look)
        return View(
            frame, look, reference, self._candidates, foreign, shown, passing, stirred, lapse, dt
        )

    def recall(self, reference: Reference, frame: Frame) -> None:
        """Begin with a scene that was learnt before; *frame* shows it, from now on."""
        self._start(frame, reference)

    def _start(self, frame: Frame, reference: Reference) -> None:
        self._at = frame.at
        self.reference = reference
        self._candidates = Candidates(frame.y.shape)
        self._foreign = np.zeros(frame.y.shape, np.uint8)
        self._then, self._then_at = level_of(frame.y), frame.at

    def _nudged(self, reference: Reference, look: Look) -> bool:
        """Follow a camera that was bumped: the scene moves with the picture, once that was
        seen twice in a row."""
        if self._at - self._registered < REGISTER:
            return False
        self._registered = self._at
        before, self._shift = self._shift, shift(look.level, reference.level)
        if self._shift == NONE or self._shift != before:
            return False
        reference.move(self._shift)
        self._candidates.move(self._shift)
        self._foreign = np.zeros_like(self._foreign)
        self._shift = NONE
        return True

    def _compare(self, reference: Reference, look: Look) -> tuple[Mask | None, float]:
        """What is not as it was about a second ago. People sway; things do not."""
        lapse = (self._at - self._then_at) / 1000
        if lapse < SWAY:
            return None, 0.0
        change, limit = cv2.absdiff(look.level, self._then), reference.unrest(look.level)
        self._then, self._then_at = look.level, self._at
        return _clean(cv2.compare(change, limit, cv2.CMP_GT)), min(lapse, LONGEST_STEP)

    def _grow_up(self, reference: Reference, look: Look, shown: Mask) -> None:
        """While young, believe what was seen longer: who stood there at the start leaves."""
        support, age = reference.support, self._candidates.age
        better = (shown > 0) & (support < MATURE) & (age > SWAP * support + 0.5)
        if better.any():
            where = better.astype(np.uint8) * 255
            reference.adopt(look, where, np.maximum(age, support))
            self._candidates.drop(where)


def _clean(mask: Mask) -> Mask:
    """Without specks: a pixel needs two of its neighbours."""
    share = cv2.blur(mask, (3, 3))
    return cv2.bitwise_and(mask, above(share, 79))


def _grown(mask: Mask) -> Mask:
    return cv2.dilate(mask, np.ones((3, 3), np.uint8))
