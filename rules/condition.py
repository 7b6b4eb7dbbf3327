"""What one device or camera must say: the piece of which joint rules are made."""

from typing import Annotated, NamedTuple

from msgspec import Meta

from gateway.model import Detection, Evidence, Millis, Observation, Reading, Reason, Scene
from rules.rule import Part
from rules.selector import Select
from rules.values import Values

MOST_EVIDENCE = 8


class Said(NamedTuple):
    """The last thing that one source said: whether it meets a condition, and when that was."""

    met: bool
    at: Millis
    source: str
    quantity: str = ""
    """'' for a camera."""
    value: float | str = ""
    """Of a camera: the labels that it sees."""
    unit: str = ""
    last_met: Millis | None = None
    """When it met the condition last."""
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 1.0

    def reason(self, before: str = "") -> Reason:
        """Who says what; *before*: words that stand before it."""
        if not self.quantity:
            text = f"{before}{self.source}: {self.value}"
            return Reason(text, value=self.value, code="sees", device=self.source)
        value = self.value if isinstance(self.value, str) else f"{self.value:.6g}"
        text = f"{before}{self.source}: {self.quantity} {value} {self.unit}".rstrip()
        return Reason(text, self.quantity, self.value, None, self.unit, "said", None, self.source)


class Condition(Select, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A quantity beyond a limit, `{quantity: fill_level, above: 95}`, or something that a camera
    sees, `{label: left_object, zone: bins}`. The fields of `select` may stand beside."""

    above: float | None = None
    """Met while the value is greater; in the unit of the quantity."""
    below: float | None = None
    """Met while the value is smaller."""
    equals: Values | None = None
    """Met while the value is this, or one of these."""
    score: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """What the camera is less sure of is not seen."""

    def __post_init__(self) -> None:
        limits = sum(x is not None for x in (self.above, self.below, self.equals))
        if bool(self.label) == bool(self.quantity):
            raise ValueError("quantity: name a quantity or a label, one of them")
        if self.label and limits:
            raise ValueError("label: above, below and equals go with a quantity, not with a label")
        if self.quantity and limits != 1:
            raise ValueError("above: give `above`, `below` or `equals`, one of them")

    def part(self) -> Part:
        return Part(self, readings=bool(self.quantity), scenes=bool(self.label))

    def said(self, seen: Observation, before: Said | None) -> Said | None:
        """What *seen* says; None when it says nothing (a camera that does not see, a word where
        a number is wanted)."""
        if isinstance(seen, Reading):
            met = self._meets(seen.value)
            if met is None:
                return None
            last = seen.at if met else before.last_met if before is not None else None
            return Said(met, seen.at, seen.device, seen.quantity, seen.value, seen.unit, last)
        return None if seen.health else self._sighted(seen, before)

    def _sighted(self, seen: Scene, before: Said | None) -> Said:
        found = [d for d in seen.detections if d.label in self.label and self._here(d)]
        if not found:
            last = before.last_met if before is not None else None
            return Said(False, seen.at, seen.camera, "", "", "", last)
        evidence = tuple(dict.fromkeys([e for d in found for e in d.evidence]))[-MOST_EVIDENCE:]
        if not evidence and before is not None and before.met:
            evidence = before.evidence
        labels, sure = found[0].label, found[0].score
        if len(found) > 1:
            labels = ", ".join(sorted({d.label for d in found}))
            sure = max(d.score for d in found)
        return Said(True, seen.at, seen.camera, "", labels, "", seen.at, evidence, sure)

    def _here(self, found: Detection) -> bool:
        return found.score >= self.score and (not self.zone or found.zone in self.zone)

    def _meets(self, value: float | str) -> bool | None:
        if self.equals is not None:
            return value in self.equals
        if isinstance(value, str):
            return None
        if self.above is not None:
            return value > self.above
        return self.below is not None and value < self.below
