"""The one module that asks what time it is, and whether the answer can be believed.

Durations go by the monotonic clock. The wall clock only says where on the calendar they lie, and
a box without a clock of its own (a Raspberry Pi) learns that late: it starts in 1970, or where it
was switched off. Until then readings are marked as unsynced; when the time is known, `corrected`
says by how much they are to be moved.
"""

import asyncio
import ctypes
import time
from pathlib import Path

from gateway.model import Millis, Shift

EARLIEST: Millis = 1_767_225_600_000
"""2026-01-01: no box was built before; a clock that shows less has not been set yet."""
LEAP: Millis = 3_600_000
"""No time service corrects a clock that was right by so much: it is wrong now, or was before."""
PROOF: Millis = 600_000
"""So long a leap ahead must last to be believed without another witness."""
CALM: Millis = 2000
"""Within so much the wall clock and the monotonic one go at one pace."""


class SystemClock:
    """UTC that never goes back, whatever becomes of the wall clock.

    While the wall clock is behind what was already told, or cannot be believed, time goes on at
    the pace of the monotonic clock, so that timers neither stand still nor run twice.
    """

    def __init__(self) -> None:
        self._ticks = time.monotonic_ns()
        self._told: Millis = 0
        self._unsure: Millis | None = None
        """Since when, in told time, the wall clock cannot be believed."""
        self._unset = self._steady = False
        self._lead: Millis = 0
        self._lead_since = 0
        self._shift: Shift | None = None

    def now(self) -> Millis:
        wall, ticks = _wall(), time.monotonic_ns()
        passed = (ticks - self._ticks) // 1_000_000
        self._ticks += passed * 1_000_000
        if not self._told:
            self._told = wall
            if wall < EARLIEST or _waits_for_time():
                self._doubt(wall, unset=True)
            return self._told
        own = self._told + passed
        lead = wall - own
        if self._unsure is None and abs(lead) >= LEAP:
            self._doubt(self._told + 1, unset=False)
        if self._unsure is None or self._believes(wall, lead):
            own = max(own, wall)
        self._told = own
        return own

    def not_before(self, at: Millis) -> None:
        """Go on behind *at*, the last instant of the journal, after a restart. A wall clock that
        is far behind it was not set since."""
        wall = self.now()
        self._told = max(wall, at)
        if self._unsure is not None or at - wall >= LEAP:
            self._doubt(max(wall, at + 1), unset=True)

    @property
    def synced(self) -> bool:
        self.now()
        return self._unsure is None

    def corrected(self) -> Shift | None:
        """Once after the time became known: what was told wrongly, and by how much."""
        shift, self._shift = self._shift, None
        return shift

    async def sleep_until(self, when: Millis) -> None:
        await asyncio.sleep(max(0, when - self.now()) / 1000)

    def _doubt(self, since: Millis, *, unset: bool) -> None:
        """*unset*: nothing has set the clock yet, so the first step ahead does."""
        self._unsure, self._unset = since, unset
        self._lead, self._lead_since = 0, self._ticks

    def _believes(self, wall: Millis, lead: Millis) -> bool:
        """Whether the wall clock is right again; if so the doubt ends. A clock that shows less
        than what was told is not followed: time does not go back."""
        if abs(lead - self._lead) > CALM:
            self._lead, self._lead_since = lead, self._ticks
        proven = self._ticks - self._lead_since >= PROOF * 1_000_000
        ahead = wall >= EARLIEST and lead >= LEAP and (self._unset or proven)
        back = wall >= EARLIEST and abs(lead) < LEAP and not (self._unset and _waits_for_time())
        if not (ahead or back) or self._unsure is None:
            return False
        by = lead if lead >= LEAP else 0
        self._shift = Shift(self._unsure, self._told + 1, by)
        self._unsure = None
        return True


def _wall() -> Millis:
    return time.time_ns() // 1_000_000  # noqa: TID251 - the one place


class _Timex(ctypes.Structure):
    """`struct timex` of <sys/timex.h>, as far as it is read, and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


UNSYNCHRONISED = 0x40
"""STA_UNSYNC."""
SERVICES = Path("/run/systemd/timesync"), Path("/run/chrony")
RTC = Path("/sys/class/rtc/rtc0")


def _waits_for_time() -> bool:
    """Whether a time service runs on a box that has no clock of its own, and has not set it."""
    if RTC.exists() or not any(service.exists() for service in SERVICES):
        return False
    timex = _Timex()
    ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    return bool(timex.status & UNSYNCHRONISED)
