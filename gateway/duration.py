"""Spans of time as people write them."""

import re
from typing import Any, ClassVar, Self


class Duration(int):
    """A span of whole milliseconds, written as people write it.

    >>> Duration.parse("90s"), Duration.parse("1h30m"), Duration.parse(5)
    (Duration('1m30s'), Duration('1h30m'), Duration('5s'))
    """

    _UNITS: ClassVar = dict(ms=1, s=1000, m=60_000, h=3_600_000, d=86_400_000, w=604_800_000)
    _PART: ClassVar = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")

    @classmethod
    def parse(cls, raw: Any) -> Self:
        """Read `500ms`, `30s`, `5m`, `1h30m`, `2d`; a bare number is seconds."""
        if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 <= raw < 1e10:
            return cls(round(raw * 1000))
        parts = cls._PART.findall(raw) if isinstance(raw, str) else []
        if not parts or "".join(n + u for n, u in parts) != raw:
            raise ValueError(f"{raw!r} is not a duration; write 500ms, 30s, 5m, 1h30m or 2d")
        return cls(round(sum(float(n) * cls._UNITS[u] for n, u in parts)))

    @property
    def seconds(self) -> float:
        return self / 1000

    def __str__(self) -> str:
        rest, parts = int(self), ""
        for unit in ("d", "h", "m", "s", "ms"):
            n, rest = divmod(rest, self._UNITS[unit])
            parts += f"{n}{unit}" if n else ""
        return parts or "0s"

    def __repr__(self) -> str:
        return f"Duration({str(self)!r})"
