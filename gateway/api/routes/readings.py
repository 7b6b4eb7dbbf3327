"""POST /api/v1/readings: measured values by HTTP."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from devices.decoder import Decoder, codecs
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheCaller, TheDesk, TheReader, TheSpec
from gateway.api.bodies import raw
from gateway.api.handing import hand_in
from gateway.api.problem import Problem
from gateway.model import Millis, Packet

router = APIRouter(prefix="/api/v1/readings", tags=["readings"])

SOURCE = "http"
DIALECT = "linli"
TOPIC = "linli/readings"
PER_PACKET = 256
"""Readings in one packet: the decoder looks at 512 values of a message."""

DIALECTS = codecs().keys()

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Posted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One reading. `unit` as the device states it (the quantity's own when left out);
    `measured_at` in ms since 1970 or ISO 8601, from the device's own clock."""

    device: Word
    quantity: Word
    value: float | str | bool
    unit: Annotated[str, msgspec.Meta(max_length=40)] = ""
    measured_at: int | str | None = None


class Taken(msgspec.Struct, frozen=True):
    """`readings`: how many are on disk, or None where a dialect decides that later.
    `unknown`: devices among them that the site does not know; they are offered for admission."""

    readings: int | None
    unknown: list[str] = []


EXAMPLE = [
    {"device": "bin-03", "quantity": "fill", "value": 93, "unit": "%"},
    {"device": "air-07", "quantity": "temperature", "value": 21.5, "measured_at": 1790000000000},
]
BODY = {
    "requestBody": {
        "required": True,
        "description": "One reading or a list of them; with ?dialect= a payload of that dialect.",
        "content": {"application/json": {"example": EXAMPLE}},
    }
}


@router.post(
    "",
    summary="Bring readings in",
    openapi_extra=BODY,
    responses=described(Taken, {"readings": 2, "unknown": []}, "On disk"),
)
@needs("operator", "device")
async def post_readings(
    request: Request,
    desk: TheDesk,
    caller: TheCaller,
    spec: TheSpec,
    reader: TheReader,
    dialect: Annotated[str, Query(max_length=40)] = "",
    topic: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """200 means that it is on disk, or that it was looked at and holds no reading. 503 with
    Retry-After: send the same again; nothing is counted twice that carries `measured_at`."""
    if dialect and dialect not in DIALECTS:
        raise Problem(400, f"There is no dialect {dialect!r}. Known: {', '.join(DIALECTS)}.")
    body, now = await raw(request, spec.max_body), desk.clock.now()
    if dialect or topic:
        packet = Packet(topic or TOPIC, body, SOURCE, caller.name, dialect=dialect)
        _check_foreign(packet, reader, now)
        await hand_in(desk.inbox, [packet])
        return answer(Taken(None))
    posted = _read(body)
    packets = list(_packets(posted, caller.name))
    unknown = _strangers(packets, reader, now)
    await hand_in(desk.inbox, packets)
    return answer(Taken(len(posted), sorted(unknown)))


def _check_foreign(packet: Packet, reader: Decoder, now: Millis) -> None:
    """Refuse what would lie in quarantine. Without a dialect that cannot be told here: what the
    topic means may have been announced over MQTT."""
    read = reader.decode(packet, now)
    if packet.dialect and read.status == "malformed":
        raise Problem(400, f"It cannot be read: {read.reason}. Nothing was taken.")


def _strangers(packets: Sequence[Packet], reader: Decoder, now: Millis) -> set[str]:
    """The devices that the site does not know; `Problem` 400 when a reading would be refused."""
    unknown: set[str] = set()
    for n, packet in enumerate(packets):
        read = reader.decode(packet, now)
        if read.rejected or read.status != "ok":
            raise Problem(400, _blame(packet, reader, now, n * PER_PACKET) or read.reason)
        unknown |= {stranger.device for stranger in read.unknown}
    return unknown


def _blame(packet: Packet, reader: Decoder, now: Millis, start: int) -> str:
    """Which reading of *packet* is refused, and why; empty when each for itself is good."""
    for n, one in enumerate(msgspec.json.decode(packet.payload, type=list[Posted])):
        alone = msgspec.structs.replace(packet, payload=msgspec.json.encode([one]))
        read = reader.decode(alone, now)
        if read.rejected or read.status != "ok":
            return f"Reading {start + n} of {one.device}: {read.reason}. Nothing was taken."
    return ""


def _read(body: bytes) -> list[Posted]:
    try:
        if body.lstrip()[:1] == b"[":
            posted = msgspec.json.decode(body, type=list[Posted])
        else:
            posted = [msgspec.json.decode(body, type=Posted)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise Problem(400, f"{e}") from e
    if not posted:
        raise Problem(400, "The list is empty.")
    return posted


def _packets(posted: Sequence[Posted], sender: str) -> Iterator[Packet]:
    for start in range(0, len(posted), PER_PACKET):
        payload = msgspec.json.encode(posted[start : start + PER_PACKET])
        yield Packet(TOPIC, payload, SOURCE, sender, dialect=DIALECT)
