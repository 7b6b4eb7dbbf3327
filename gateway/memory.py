"""Gives back the memory that starting up took and running does not need.

A box has 512 MB for everything. What the reading of a configuration leaves behind, glibc keeps in
its pools, one per thread that ever allocated, until it is told otherwise.
"""

import asyncio
import ctypes
import gc

ARENA_MAX = -8
"""M_ARENA_MAX of malloc.h."""
ARENAS = 2
SETTLED = 10.0
"""Seconds after which a start is over: the console has been loaded, the first devices are back."""
PERIOD = 600.0
"""Seconds between two looks for what a flood has left."""

_libc = ctypes.CDLL(None)


def few_arenas() -> None:
    """Call before there are threads. Does nothing with another C library than glibc."""
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(ARENA_MAX, ARENAS)


async def tidy() -> None:
    """Until cancelled. What a start has made stays for good, and the collector passes it by."""
    await asyncio.sleep(SETTLED)
    gc.collect()
    gc.freeze()
    while True:
        if hasattr(_libc, "malloc_trim"):
            _libc.malloc_trim(0)
        await asyncio.sleep(PERIOD)
