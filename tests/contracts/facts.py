"""Incidents, envelopes and surroundings for the tests of sinks."""

from pathlib import Path

from gateway.links import link
from gateway.model import Envelope, Evidence, GridCode, Incident, Phase, Place, Reason, Status
from gateway.ports import Surroundings
from gateway.precedence import Precedence
from tests.gateway.watch import Watch

NOON = 1_800_000_000_000
KEY = b"k" * 32
EVIDENCE = Evidence("ab" * 32, "image/jpeg", "now", NOON, 4)


class StoppedClock:
    """Always noon, or whatever `at` is set to."""

    synced = True

    def __init__(self, at: int = NOON) -> None:
        self.at = at

    def now(self) -> int:
        return self.at

    def corrected(self) -> None:
        return None

    async def sleep_until(self, when: int) -> None:
        self.at = max(self.at, when)


def surroundings(root: Path, base: str = "http://gateway.invalid") -> Surroundings:
    clock = StoppedClock()
    return Surroundings(
        root=root,
        site="east",
        clock=clock,
        health=Watch(),
        evidence_url=lambda sha256: link(base, KEY, sha256, clock.now() + 86_400_000),
        evidence_file=lambda sha256: root / f"{sha256}.jpg",
        precedence=Precedence(),
    )


def incident(
    id: str = "i-1", seq: int = 0, status: Status = "open", evidence: tuple[Evidence, ...] = ()
) -> Incident:
    return Incident(
        id=id,
        kind="overflowing_bin",
        rule="bins",
        key="bin-3",
        title="3 号桶满了 <Bin 3 is full>",
        severity="minor",
        status=status,
        place=Place(
            site="east",
            codes=(GridCode("cn-unit-grid", "110101001001001"),),
            lat=39.9,
            lon=116.4,
            address="东门 Gate 3",
        ),
        opened_at=NOON,
        updated_at=NOON + seq,
        since=NOON - 60_000,
        closed_at=NOON + seq if status in ("resolved", "void") else None,
        seq=seq,
        reasons=(Reason("fill level 0.97 above 0.9", "fill_level", 0.97, 0.9, "1"),),
        devices=("bin-3",),
        evidence=evidence,
        confidence=0.9,
    )


def envelope(
    id: str = "i-1",
    seq: int = 0,
    phase: Phase = "opened",
    sink: str = "city",
    evidence: tuple[Evidence, ...] = (),
) -> Envelope:
    status: Status = "open" if phase in ("opened", "updated") else phase
    return Envelope(f"{id}-{seq}", sink, phase, incident(id, seq, status, evidence))
