"""An incident as JSON for other systems: the shape in docs/platforms.md.

{"id": "0b5…", "seq": 2, "kind": "overflowing_bin", "title": "Bin at gate 3 is full",
 "severity": "minor", "status": "open", "confidence": 0.9,
 "since": "2026-05-01T08:00:00.000Z", "opened_at": …, "updated_at": …, "closed_at": null,
 "place": {"site": "east", "codes": [{"scheme": "cn-unit-grid", "value": "110101001001001"}],
           "lat": 39.9, "lon": 116.4, "datum": "WGS84", "address": "Gate 3"},
 "rule": "bins", "key": "bin-3", "devices": ["bin-3"],
 "reasons": [{"text": "fill level 0.97 above 0.9", "quantity": "fill_level",
              "value": 0.97, "limit": 0.9, "unit": "1"}],
 "evidence": [{"uri": "https://…", "sha256": "…", "mime": "image/jpeg", "role": "now",
               "taken_at": "2026-05-01T08:00:00.000Z", "size": 48211}],
 "handled_by": "", "note": ""}
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from msgspec import to_builtins

from gateway.model import Evidence, Incident, Millis, Place

MOST_REASONS = 20
MOST_DEVICES = 200
"""An event stays well below the 64 KiB that every receiver of CloudEvents must take."""


def iso(at: Millis) -> str:
    """RFC 3339 in UTC with milliseconds.

    >>> iso(1_767_225_600_007)
    '2026-01-01T00:00:00.007Z'
    """
    moment = datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{at % 1000:03d}Z"


def dossier(incident: Incident, link: Callable[[str], str]) -> dict[str, Any]:
    """*incident* in plain JSON values; *link* makes an address of a picture's SHA-256."""
    return {
        "id": incident.id,
        "seq": incident.seq,
        "kind": incident.kind,
        "title": incident.title,
        "severity": incident.severity,
        "status": incident.status,
        "confidence": incident.confidence,
        "since": iso(incident.since),
        "opened_at": iso(incident.opened_at),
        "updated_at": iso(incident.updated_at),
        "closed_at": None if incident.closed_at is None else iso(incident.closed_at),
        "place": _place(incident.place),
        "rule": incident.rule,
        "key": incident.key,
        "devices": list(incident.devices[:MOST_DEVICES]),
        "reasons": to_builtins(incident.reasons[:MOST_REASONS]),
        "evidence": [_picture(evidence, link) for evidence in incident.evidence],
        "handled_by": incident.handled_by,
        "note": incident.note,
    }


def _place(place: Place) -> dict[str, Any]:
    return {**to_builtins(place), "datum": "WGS84"}


def _picture(evidence: Evidence, link: Callable[[str], str]) -> dict[str, Any]:
    return {
        "uri": link(evidence.sha256),
        "sha256": evidence.sha256,
        "mime": evidence.mime,
        "role": evidence.role,
        "taken_at": iso(evidence.taken_at),
        "size": evidence.size,
    }
