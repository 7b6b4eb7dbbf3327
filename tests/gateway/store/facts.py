"""Made-up facts to store."""

from gateway.model import Detection, Envelope, Incident, Phase, Place, Reading, Scene, Status

NOON = 1_800_000_000_000


def reading(
    i: int = 0, value: float | str = 1.0, device: str = "bin-04", **more: object
) -> Reading:
    fields = {"quantity": "fill_level", "unit": "%", "at": NOON + i} | more
    return Reading(device=device, value=value, **fields)  # type: ignore[arg-type]  # loose on purpose


def scene(i: int = 0, camera: str = "cam-1") -> Scene:
    box = Detection("left_object", 0.9, (0.1, 0.2, 0.3, 0.4), why="new since noon")
    return Scene(camera, (box,), NOON + i)


def incident(
    id: str = "i-1", seq: int = 0, status: Status = "open", opened: int = NOON
) -> Incident:
    return Incident(
        id=id, kind="overflow", rule="bin-full", key="bin-04", title="Bin 4 is full",
        severity="major", status=status, place=Place(site="north"), opened_at=opened,
        updated_at=opened + seq, since=opened, seq=seq,
    )  # fmt: skip


def envelope(incident: Incident, sink: str = "city", phase: Phase = "opened") -> Envelope:
    return Envelope(f"{incident.id}-{incident.seq}", sink, phase, incident)
