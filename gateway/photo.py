"""A picture that an operator took and hands in as evidence.

It is decoded, made smaller and encoded anew in a process of its own: bytes from outside never
meet a decoder in the gateway, and nothing of what a telephone writes into a picture (place, time,
owner) is left in it.

    python -m gateway.photo SITE AT < photo.jpg     prints the evidence as JSON
"""

import sys
from pathlib import Path

import msgspec

from gateway import aside
from gateway.model import Evidence, Millis

LONGEST = 1920
"""Pixels of the longer side."""
QUALITY = 85
SECONDS = 30.0
MOST = 8 << 20
"""Bytes, as `vision.jpeg` reads."""
_BAD = 3


class BadPhoto(ValueError):
    """It is no picture that can be taken; the text says why."""


async def keep(root: Path, raw: bytes, at: Millis) -> Evidence:
    """Store the JPEG *raw* among the evidence of the site at *root*. Raises BadPhoto, OSError."""
    where = str(root), str(at)
    try:
        ended = await aside.run("gateway.photo", *where, seconds=SECONDS, body=raw)
    except TimeoutError:
        raise BadPhoto(f"it could not be read within {SECONDS:.0f} s") from None
    if ended.code == _BAD:
        raise BadPhoto(ended.err.decode(errors="replace"))
    if ended.code:
        raise OSError(f"the photo was not stored: {ended.err.decode(errors='replace')[-500:]}")
    return msgspec.json.decode(ended.out, type=Evidence)


def main() -> int:
    import cv2

    from vision.evidence import keeper
    from vision.jpeg import BadPicture, decode, encode

    root, at = Path(sys.argv[1]), int(sys.argv[2])
    try:
        picture = decode(sys.stdin.buffer.read(), LONGEST)
    except BadPicture as error:
        sys.stderr.write(str(error))
        return _BAD
    scale = LONGEST / max(picture.shape[:2])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    kept = keeper(root, "")(encode(picture, QUALITY), "photo", at)
    sys.stdout.buffer.write(msgspec.json.encode(kept))
    return 0


if __name__ == "__main__":
    sys.exit(main())
