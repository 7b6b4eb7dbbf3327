"""The `store:` part of gateway.yaml."""

import re
from typing import Annotated, Any, ClassVar, Self

import msgspec

from gateway.model import Duration


class Size(int):
    """Bytes, written as people write them.

    >>> Size.parse("512MB"), Size.parse("1.5 GB"), Size.parse(4096)
    (512000000, 1500000000, 4096)
    """

    _UNITS: ClassVar = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
    _FORM: ClassVar = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?B)", re.IGNORECASE)

    @classmethod
    def parse(cls, raw: Any) -> Self:
        """Read `64MB`, `2GB`; a bare number is bytes."""
        if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
            return cls(raw)
        found = cls._FORM.fullmatch(raw.strip()) if isinstance(raw, str) else None
        if not found:
            raise ValueError(f"{raw!r} is not a size; write 512MB or 4GB")
        return cls(round(float(found[1]) * cls._UNITS[found[2].upper()]))


class StoreSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much the gateway remembers. Incidents and what a sink still waits for always stay."""

    keep: Duration = Duration.parse("90d")
    """Readings and scenes older than this are deleted."""
    keep_summaries: Duration = Duration.parse("1825d")
    """Ten-minute or hourly min, mean and max stay this long after their readings."""
    limit: Size = Size.parse("4GB")
    """The database's cap in bytes. At the cap the oldest readings go first."""
    reserve: Size = Size.parse("16MB")
    """A file of this size is kept to live on when the disk is full; 0 keeps none."""
    linger: Duration | None = None
    """How long readings gather before they are written; a device waits so long for its
    acknowledgement. Left out: 250ms on an SD card or eMMC, where each write costs some 16 kB of
    flash whatever is in it; elsewhere 2 to 20ms, as long as writing takes."""
    quarantine_rows: Annotated[int, msgspec.Meta(ge=1)] = 10_000
    """So many unreadable packets are kept for inspection, newest first."""
    quarantine_limit: Size = Size.parse("16MB")
    """… and so many bytes of them."""
