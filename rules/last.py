"""The last value: all that many a kind of rule remembers."""

import msgspec

from gateway.model import Reading


class Last(msgspec.Struct, array_like=True):
    """None before the first one."""

    value: float | None = None
    unit: str = ""

    def hear(self, seen: Reading) -> None:
        self.value, self.unit = float(seen.value), seen.unit
