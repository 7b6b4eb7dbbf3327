"""A whole site as types. Each entry is the frozen spec of its part."""

from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import msgspec

import gateway.sinks
import gateway.sources
import rules.kinds
from devices.grids import Grids
from devices.registry import Admission, DeviceSpec, Pattern
from gateway.api.spec import ConsoleSpec
from gateway.model import Place
from gateway.plugins import subclasses
from gateway.ports import ReadingSinkSpec, SinkSpec, SourceSpec
from gateway.routes import Route
from gateway.store.spec import StoreSpec
from rules.rule import Rule
from rules.silences import SilenceSpec
from vision.camera import CameraSpec

SOURCES = subclasses(gateway.sources, SourceSpec)
SINKS = subclasses(gateway.sinks, SinkSpec) + subclasses(gateway.sinks, ReadingSinkSpec)
RULES = subclasses(rules.kinds, Rule)


class SiteSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which neighbourhood this is."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    """Short and lasting: it stands in every incident's source."""
    name: str = ""
    time_zone: str = "Asia/Shanghai"
    """For the schedules of rules, and for what people read."""
    language: str = "zh"
    """Of the console, until a user chooses another: zh or en."""
    place: Place = Place()
    """Stands in for what a device does not say of its own place."""

    local: Route | None = None
    """What stays on this box, whatever the routes of sinks say: its people close it, and sinks with
    `daily` hear once a day how much it was."""

    def __post_init__(self) -> None:
        if self.time_zone not in available_timezones():
            raise ValueError(
                f"time_zone: {self.time_zone!r} is no time zone; write one like Asia/Shanghai"
            )
        if self.language not in ("zh", "en"):
            raise ValueError(f"language: {self.language!r} is not there; write zh or en")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Config(NamedTuple):
    """A site that has no problem. After loading, no other form of the configuration exists."""

    root: Path
    site: SiteSpec
    store: StoreSpec
    console: ConsoleSpec
    sources: tuple[SourceSpec, ...]
    sinks: tuple[SinkSpec, ...]
    reading_sinks: tuple[ReadingSinkSpec, ...]
    devices: tuple[DeviceSpec, ...]
    cameras: tuple[CameraSpec, ...]
    rules: tuple[Rule, ...]
    grids: Grids = Grids()
    """Of grids.geojson; the places of devices and cameras have their codes."""
    admit: tuple[Admission, ...] = ()
    ignore: tuple[Pattern, ...] = ()
    """Of devices.yaml: who is let in, or not heard of, without being entered."""
    silences: tuple[SilenceSpec, ...] = ()
    shadows: tuple[Rule, ...] = ()
    """Of shadow.yaml: other forms of some of the rules, judged beside them and told to nobody."""
