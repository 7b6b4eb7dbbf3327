"""Masked pictures that show what was reported: before it came, and now."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import cv2

from gateway import durable, manifest
from gateway.model import Box, Evidence, Millis
from vision.frame import Picture
from vision.jpeg import encode

Keep = Callable[[bytes, str, Millis], Evidence]
"""Stores a JPEG: its bytes, its role, when it was taken."""


class Shot(NamedTuple):
    """A masked picture at an instant, as JPEG."""

    at: Millis
    jpeg: bytes


class Album:
    """Masked pictures of the last while, closer together the younger they are."""

    MOST = 24
    STEP = 2000
    """Millis between the youngest."""

    def __init__(self) -> None:
        self._shots: list[Shot] = []

    def due(self, at: Millis) -> bool:
        return not self._shots or at - self._shots[-1].at >= self.STEP

    def add(self, shot: Shot) -> None:
        """Keep *shot*; when full, forget the one whose neighbours are closest for their age."""
        self._shots.append(shot)
        if len(self._shots) > self.MOST:
            shots = self._shots
            crowded = min(
                range(1, len(shots) - 1),
                key=lambda i: (shots[i + 1].at - shots[i - 1].at) / (shot.at - shots[i].at),
            )
            del shots[crowded]

    def before(self, at: Millis) -> Shot | None:
        """The last picture from before *at*."""
        return next((shot for shot in reversed(self._shots) if shot.at < at), None)


def marked(picture: Picture, boxes: Sequence[Box], caption: str) -> Picture:
    """*picture* with *boxes* and *caption* drawn in."""
    result = picture.copy()
    height, width = result.shape[:2]
    for x1, y1, x2, y2 in boxes:
        corners = (round(x1 * width), round(y1 * height)), (round(x2 * width), round(y2 * height))
        cv2.rectangle(result, *corners, (0, 0, 0), 3)
        cv2.rectangle(result, *corners, (40, 200, 255), 1)
    font, size = cv2.FONT_HERSHEY_SIMPLEX, max(0.35, width / 1400)
    cv2.putText(result, caption, (6, height - 8), font, size, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(result, caption, (6, height - 8), font, size, (255, 255, 255), 1, cv2.LINE_AA)
    return result


def caption(camera: str, role: str, at: Millis) -> str:
    """What stands in the picture; ASCII, for the font has nothing else."""
    when = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{camera}  {role}  {when}"


def pair(
    album: Album, camera: str, now: tuple[Picture, Millis], box: Box, since: Millis, quality: int
) -> list[tuple[bytes, str, Millis]]:
    """The pictures for one report: `before` (where there is one) and `now`, as JPEG."""
    picture, at = now
    found = []
    if shot := album.before(since):
        found.append((shot.jpeg, "before", shot.at))
    text = caption(camera, "now", at)
    found.append((encode(marked(picture, (box,), text), quality), "now", at))
    return found


def keeper(root: Path, camera: str) -> Keep:
    """Stores pictures of *camera* by their SHA-256; one that is named is on the disk, whole, and
    was entered in the manifest of the site at *root* before it was there."""
    file_of = evidence_file(root)

    def keep(jpeg: bytes, role: str, at: Millis) -> Evidence:
        sha256 = hashlib.sha256(jpeg).hexdigest()
        manifest.append(root, sha256, camera, role, at)
        path = file_of(sha256)
        if not path.exists():
            durable.write(path, jpeg)
        return Evidence(sha256, "image/jpeg", role, at, len(jpeg))

    return keep


def evidence_file(root: Path) -> Callable[[str], Path]:
    """Where a site keeps a picture, by its hash."""

    def path(sha256: str) -> Path:
        return root / "data" / "evidence" / sha256[:2] / f"{sha256}.jpg"

    return path
