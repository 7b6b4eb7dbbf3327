"""Everything that is known of one incident in one ZIP file, for who has to prove it.

incident.json            what it is, every version, what was sent where, what came back
reasons.txt              why it was reported, in words
pictures/<n>-<role>.jpg  masked pictures, and what operators photographed
manifest.jsonl           what the box signed of them when it wrote them
SHA256SUMS               of every file above; `sha256sum -c SHA256SUMS` checks them
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gateway.dossier import iso
from gateway.manifest import lines_of
from gateway.model import Evidence, Incident

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of each file: the same incident always gives the same bytes."""


def bundle(
    about: Mapping[str, Any], incident: Incident, root: Path, file_of: Callable[[str], Path]
) -> bytes:
    """*about* goes into incident.json. Reads pictures of the site at *root*: call it in a
    thread."""
    files = {
        "incident.json": msgspec.json.format(msgspec.json.encode(about), indent=2),
        "reasons.txt": _reasons(incident).encode(),
        **dict(_pictures(incident.evidence, file_of)),
    }
    if signed := lines_of(root, {one.sha256 for one in incident.evidence}):
        files["manifest.jsonl"] = signed
    sums = (f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in files.items())
    files["SHA256SUMS"] = "".join(sums).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in files.items():
            how = zipfile.ZIP_STORED if name.endswith(".jpg") else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, EPOCH), body, how)
    return out.getvalue()


def _pictures(
    evidence: Sequence[Evidence], file_of: Callable[[str], Path]
) -> Iterator[tuple[str, bytes]]:
    """A picture that was deleted by age has no file; incident.json still has its hash."""
    for n, one in enumerate(evidence, 1):
        path = file_of(one.sha256)
        if path.exists():
            yield f"pictures/{n:02}-{one.role}.jpg", path.read_bytes()


def _reasons(incident: Incident) -> str:
    head = f"{incident.title}\n{incident.place.address}\n{iso(incident.opened_at)}\n\n"
    return head + "".join(f"- {reason.text}\n" for reason in incident.reasons)
