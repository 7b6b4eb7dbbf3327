"""The pictures of one camera, from wherever its description says they come."""

from pathlib import Path

from vision.camera import CameraSpec
from vision.capture import Pace, Shots, Slot, fed, rendered, scheme
from vision.streams import live, looped
from vision.web import pulled


def shots(spec: CameraSpec, root: Path, slot: Slot, pace: Pace) -> Shots:
    """*root*: the site's folder; *slot*: where others put pictures that come on a topic."""
    match scheme(spec):
        case "topic":
            return fed(spec, slot, pace)
        case "render":
            return rendered(spec, pace)
        case "file":
            return looped(spec, root, pace)
        case "http" | "https":
            return pulled(spec, pace)
        case _:
            return live(spec, pace)
