"""The captures in cases/<dialect>/*.json, and how they are run.

    {"source": where it was published, "payload_from": "verbatim" | "truncated" | "composed" …,
     "topic": …, "payload": text or "payload_b64": bytes, "retain": false, "named": false,
     "before": [{"topic": …, "payload": …}],          messages that must have come first
     "status": "ok" | "ignored" | "malformed",
     "readings": [{"device", "quantity", "value", "unit", "measured_at"?, "quality"?}]}

`named` is for dialects that are not recognised by themselves: their topic is anybody's.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from devices.decoder import Decoded, Decoder
from devices.registry import Admission
from gateway.model import Duration, Millis, Packet

FOLDER = Path(__file__).parent / "cases"
NOW: Millis = 1_795_219_200_000
"""2026-11-21T00:00:00Z"""


class Case(NamedTuple):
    dialect: str
    name: str
    body: dict[str, Any]

    @property
    def packet(self) -> Packet:
        return packet(self.body, self.dialect if self.body.get("named") else "")

    @property
    def before(self) -> list[Packet]:
        return [packet(message) for message in self.body.get("before", ())]


def packet(message: dict[str, Any], dialect: str = "") -> Packet:
    """The message of a case or of a record of the corpus."""
    return Packet(
        topic=message["topic"] or "",
        payload=payload(message),
        retained=bool(message.get("retain")),
        dialect=dialect,
    )


def payload(message: dict[str, Any]) -> bytes:
    if "payload_b64" in message:
        return base64.b64decode(message["payload_b64"])
    return str(message["payload"]).encode()


def cases() -> Iterator[Case]:
    for path in sorted(FOLDER.glob("*/*.json")):
        yield Case(path.parent.name, path.stem, json.loads(path.read_text()))


def fresh() -> Decoder:
    """A decoder that lets everybody in; samples are no timeline, so nothing is a repetition."""
    return Decoder(admissions=[Admission(id="all")], repeated=Duration(0))


def decode(case: Case, decoder: Decoder | None = None) -> Decoded:
    decoder = decoder or fresh()
    for earlier in case.before:
        decoder.decode(earlier, NOW)
    return decoder.decode(case.packet, NOW)
