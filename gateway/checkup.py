"""What is wrong with this box, in words, and what to do about it. Changes nothing."""

import os
import stat
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from config.load import Invalid, load
from config.schema import Config
from gateway import almanac
from gateway.clock import SystemClock
from gateway.pace import is_card
from gateway.store import StoreFailed, StoreLocked, StoreSpec, StoreTooNew, backup, connection
from gateway.store.balance import Balance

Level = Literal["good", "notice", "problem"]


class Finding(NamedTuple):
    about: str
    level: Level
    what: str
    todo: str = ""


class Box(NamedTuple):
    """What the checks look at. `config` is None while the site has problems."""

    site: Path
    config: Config | None

    @property
    def database(self) -> Path:
        return self.site / "data" / "linli.db"

    @property
    def store(self) -> StoreSpec:
        return self.config.store if self.config else StoreSpec()


def examine(site: Path) -> Iterator[Finding]:
    """Every check in its turn."""
    config = None
    try:
        config = load(site)
        yield Finding("site", "good", "the configuration has no problem")
    except Invalid as error:
        what = f"the configuration has {len(error.problems)} problem(s)"
        yield Finding("site", "problem", what, f"linli check {site}")
    for check in CHECKS:
        yield from check(Box(site, config))


def privacy(box: Box) -> Iterator[Finding]:
    """Others on this machine must not read secrets, or what cameras saw."""
    for name in ("secrets.yaml", "users.yaml", "data", "data/linli.db"):
        path = box.site / name
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding(
                "privacy", "problem", f"{path} can be read by others", f"chmod go= {path}"
            )


def running(box: Box) -> Iterator[Finding]:
    if not box.database.exists():
        yield Finding("gateway", "notice", "it has not run here yet", f"linli run {box.site}")
        return
    try:
        connection.lock(box.database).close()
    except StoreLocked:
        yield Finding("gateway", "good", "it is running")
    else:
        yield Finding("gateway", "notice", "it is not running", f"linli run {box.site}")


def memory(box: Box) -> Iterator[Finding]:
    """The database: sound all through, and not full of what nobody fetches."""
    if not box.database.exists():
        return
    try:
        wrong = list(backup.faults(box.database))
        yield from (Finding("database", "problem", fault, REPAIR) for fault in wrong)
        if not wrong:
            yield Finding("database", "good", "every row is as it was written")
        yield _ledger(backup.balanced(box.database))
        yield from _backlogs(box)
    except StoreTooNew as error:
        yield Finding("database", "problem", str(error), "install the version that wrote it")
    except StoreFailed as error:
        yield Finding("database", "problem", str(error), REPAIR)
    for aside in box.database.parent.glob("linli.db.corrupt-*"):
        if not aside.name.endswith(("-wal", "-shm")):
            what = f"a damaged database was set aside as {aside.name}"
            yield Finding("database", "notice", what, "test the medium; then delete the file")


REPAIR = "restart the gateway: it saves the good rows by itself; and look for a new medium"


def _ledger(found: Balance) -> Finding:
    said = (
        f"{found.committed} readings acknowledged since ever: {found.held} held, "
        f"{found.expired} expired, {found.damaged} lost to damage"
    )
    if found.unexplained:
        what = f"{said}; {found.unexplained} unaccounted for"
        return Finding("ledger", "problem", what, "please report this, with a copy of the database")
    return Finding("ledger", "good", said)


def _backlogs(box: Box) -> Iterator[Finding]:
    known = {sink.id for sink in box.config.sinks} if box.config else None
    for sink, (waiting, dead) in backup.backlogs(box.database).items():
        if known is not None and sink not in known and waiting:
            what = f"{waiting} incident reports wait for {sink!r}, which is not configured"
            yield Finding("outbox", "problem", what, "configure it again, or take its letters out")
        if dead:
            what = f"{sink!r} refused {dead} incident reports for good"
            yield Finding("outbox", "problem", what, "see why on the console, then revive them")


def disk(box: Box) -> Iterator[Finding]:
    """Room on the disk that holds the data."""
    folder = _data(box)
    free, spec = os.statvfs(folder), box.store
    room = free.f_bavail * free.f_frsize
    held = box.database.stat().st_size if box.database.exists() else 0
    if room < 2 * spec.reserve:
        what = f"only {room / 1e6:.0f} MB are free: the oldest readings go before their time"
        yield Finding("disk", "problem", what, "delete what is not Linli's, or take a larger one")
    elif room + held < spec.limit:
        what = (
            f"store.limit is {spec.limit / 1e9:.1f} GB, there is room for {(room + held) / 1e9:.1f}"
        )
        yield Finding("disk", "notice", what, "lower store.limit")
    else:
        yield Finding("disk", "good", f"{room / 1e9:.1f} GB are free")


def medium(box: Box) -> Iterator[Finding]:
    """How long the disk takes to make a write durable."""
    took = _sync_time(_data(box))
    said = f"it makes a write durable in {took:.1f} ms"
    if took > SLOW_SYNC:
        yield Finding("medium", "problem", said, "a card that slow is worn out or fake: replace it")
    elif took < INSTANT_SYNC:
        what = f"{said}: it hardly waits for the medium, so a power cut may cost acknowledged data"
        yield Finding("medium", "notice", what, "use a disk that honours flushes, or a UPS")
    elif is_card(_data(box)) and box.store.linger is not None and box.store.linger < CALM:
        what = f"{said}; it is an SD card or eMMC, and store.linger is {box.store.linger}"
        yield Finding("medium", "notice", what, "leave store.linger out: flash wears by the write")
    else:
        yield Finding("medium", "good", said)


SLOW_SYNC, INSTANT_SYNC = 250.0, 0.02
"""Milliseconds."""
CALM = 100
"""Milliseconds between writes that a card bears for years."""


def _sync_time(folder: Path, times: int = 15) -> float:
    """Milliseconds, the median."""
    took = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(times):
            file.write(bytes(4096))
            file.flush()
            begin = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(took)


def _data(box: Box) -> Path:
    return box.site / "data" if (box.site / "data").exists() else box.site


def clock(box: Box) -> Iterator[Finding]:
    if not SystemClock().synced:
        what = "the clock has not been set: readings are marked unsynced"
        yield Finding("clock", "problem", what, "connect a time server, or fit a clock module")
    elif not Path("/sys/class/rtc/rtc0").exists():
        what = "there is no clock that runs on without power"
        yield Finding("clock", "notice", what, "after a power cut the time comes from the network")
    else:
        yield Finding("clock", "good", "the time is set")


def calendar(box: Box) -> Iterator[Finding]:
    """Working days, where a rule goes by them."""
    if box.config is not None:
        now, zone = SystemClock().now(), box.config.site.zone
        if (year := almanac.unknown_year(box.config, now, zone)) is not None:
            yield Finding("calendar", "notice", *almanac.warning(year).split("; "))


def machine(box: Box) -> Iterator[Finding]:
    """Main memory and heat."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    available = int(next(line for line in lines if line.startswith("MemAvailable")).split()[1])
    if available < 100_000:
        what = f"only {available / 1000:.0f} MB of memory are available"
        yield Finding("memory", "problem", what, "fewer or smaller cameras, or a larger box")
    else:
        yield Finding("memory", "good", f"{available / 1000:.0f} MB are available")
    for zone in Path("/sys/class/thermal").glob("thermal_zone*/temp"):
        if zone.read_text().strip().isdigit() and int(zone.read_text()) > 80_000:
            yield Finding("heat", "problem", "the processor is above 80 °C", "give it air")


Check = Callable[[Box], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (privacy, running, memory, disk, medium, clock, calendar, machine)
