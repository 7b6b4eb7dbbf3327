"""Handing something to the spine, and waiting until it is on disk."""

import asyncio
from collections.abc import Sequence

from gateway.api.problem import Problem
from gateway.model import Item
from gateway.ports import Inbox

ROOM = 2.0
"""Seconds to wait for room in the inbox, before 503."""
ON_DISK = 10.0
"""Seconds to wait for the commit, before 503."""
_LATER = {"Retry-After": "5"}


async def hand_in(inbox: Inbox, items: Sequence[Item]) -> None:
    """Return when *items* are committed; `Problem` 503 when that takes too long. They may be
    committed all the same then: sending them again does no harm."""
    done = asyncio.get_running_loop().create_future()

    def ack() -> None:
        if not done.done():
            done.set_result(None)

    try:
        async with asyncio.timeout(ROOM):
            await inbox.put(items, ack)
    except TimeoutError:
        raise Problem(503, "The gateway is busy. Send it again later.", _LATER) from None
    try:
        async with asyncio.timeout(ON_DISK):
            await done
    except TimeoutError:
        raise Problem(503, "It is not on disk yet. Send it again later.", _LATER) from None
