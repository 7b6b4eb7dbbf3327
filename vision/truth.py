"""What happens in a clip, as people say it: checked before it is written to truth.yaml."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import av.error
import msgspec

from vision.evaluate import Clip

KINDS = ("left_object", "removed_object", "blocked")


def probed(path: Path) -> tuple[float, float]:
    """Pictures per second and seconds of the clip at *path*. Raises ValueError."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            fps = float(stream.average_rate or 0)
            frames = stream.frames or sum(1 for _ in container.decode(stream))
    except (av.error.FFmpegError, OSError, IndexError) as error:
        raise ValueError(f"{path}: not a clip that can be played: {error}") from None
    if not fps or not frames:
        raise ValueError(f"{path}: it does not say how many pictures a second it has")
    return fps, frames / fps


def faults(clip: Clip, seconds: float) -> Iterator[str]:
    """What cannot be true of *clip*, whose film lasts *seconds*."""
    if not (clip.fps > 0 and clip.dwell_s > 0):
        yield "pictures per second and dwell are above 0"
    if clip.until_s is not None and not 0 < clip.until_s <= seconds + 0.1:
        yield f"--until {clip.until_s:g}: the clip ends at {seconds:.1f} s"
    for n, event in enumerate(clip.events, 1):
        x1, y1, x2, y2 = event.box
        if event.kind not in KINDS:
            yield f"event {n}: {event.kind!r} is not one of {', '.join(KINDS)}"
        if not 0 <= event.put_s <= event.left_s <= event.gone_s:
            yield f"event {n}: it is put, then left, then gone; not " + ", ".join(
                f"{at:g}" for at in (event.put_s, event.left_s, event.gone_s)
            )
        if event.gone_s > seconds + 0.1:
            yield f"event {n}: gone at {event.gone_s:g} s, but the clip ends at {seconds:.1f} s"
        if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
            yield f"event {n}: a box is x1 y1 x2 y2 from 0 to 1 with x1 < x2 and y1 < y2"


def plain(clip: Clip) -> dict[str, Any]:
    """As it stands in truth.yaml: without what is as usual, but for the events."""
    usual = Clip(clip.file, clip.fps, clip.dwell_s)
    said: dict[str, Any] = msgspec.to_builtins(clip, enc_hook=list)
    needed = ("file", "fps", "dwell_s", "events")
    kept = {k: v for k, v in said.items() if k in needed or getattr(clip, k) != getattr(usual, k)}
    for event in kept["events"]:
        event["box"] = list(event["box"])
    return {**kept, "events": list(kept["events"])}
