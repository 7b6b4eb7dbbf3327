"""A site's own model: an ONNX file through OpenCV, for what has a name (a bin, a lorry, smoke)."""

from collections.abc import Collection
from typing import Annotated

from msgspec import Meta

from gateway.model import Duration
from vision.detector import Detector, DetectorSpec, Site


class Onnx(DetectorSpec, frozen=True, kw_only=True):
    """Reports what a model of the site's own knows by name."""

    model: Annotated[str, Meta(min_length=1)]
    """The ONNX file, below the site's folder."""
    classes: Annotated[tuple[Annotated[str, Meta(min_length=1)], ...], Meta(min_length=1)]
    """What the model's classes are called, in its order; these are the labels that rules see."""
    only: tuple[str, ...] = ()
    """The classes to report; none: all of them."""
    size: tuple[Annotated[int, Meta(ge=32, le=1280)], Annotated[int, Meta(ge=32, le=1280)]] = (
        320,
        320,
    )
    """Width and height in pixels of the picture that the model wants."""
    score: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    """Below this nothing is believed."""
    nms: Annotated[float, Meta(gt=0, le=1)] = 0.45
    """Overlap from which the weaker of two boxes of a class is dropped."""
    every: Duration = Duration(2000)
    """Time between two looks: a model costs far more than everything else."""
    dwell: Duration = Duration(0)
    """How long a thing must be seen; a zone may have its own."""

    def __post_init__(self) -> None:
        if unknown := set(self.only) - set(self.classes):
            raise ValueError(f"the model has no class {', '.join(sorted(unknown))}")

    @property
    def veiled(self) -> Collection[str]:
        """All of its classes: one of them may be people."""
        return self.classes

    def build(self, site: Site) -> Detector:
        from vision.onnx import Model, Named  # OpenCV: for the worker only

        return Named(self, site, Model(site.root, self))
