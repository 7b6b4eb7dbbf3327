"""The audit log as the API writes to it: with the gateway's own time."""

from collections.abc import Sequence
from typing import NamedTuple

from gateway.ports import Clock
from gateway.store.audit import Audit, Entry


class AuditLog(NamedTuple):
    kept: Audit
    clock: Clock

    async def record(
        self, who: str, what: str, target: str, before: str = "", after: str = ""
    ) -> None:
        """*who* did *what* to *target*. Durable when the call returns."""
        await self.kept.add(self.clock.now(), who, what, target, before, after)

    async def entries(
        self, limit: int = 100, before: int | None = None, who: str = "", what: str = ""
    ) -> Sequence[Entry]:
        return await self.kept.entries(limit, before, who, what)
