"""Lets discovered devices in: an entry in devices.yaml, and what they had said meanwhile stored.

    stranger --admit (a person, or a pattern of devices.yaml)--> entry --workshop--> live
                                                      what was kept --inbox--> stored as late

What was kept opens nothing: it is stored and shown, and judged by no rule.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import msgspec

from devices.codecs.linli import TOPIC
from devices.registry import OWN, Admission, DeviceSpec, Mapped, Pattern
from gateway import durable
from gateway.discovered import Discovered, Stranger
from gateway.model import Duration, Packet, Place, Reading
from gateway.ports import Clock, Inbox
from gateway.revising import Unfit

FILE = "devices.yaml"
SOURCE = "discovered"
EVERY = Duration.parse("5s")
"""Between two looks for devices that a pattern, or a hand in devices.yaml, has let in."""
SAVED = 12
"""Looks between two times that the strangers are written to disk."""
AT_ONCE = 100
"""Devices that patterns let in at one look."""
MOST = 10_000
"""Devices of a site that patterns add to: somebody who invents addresses fills no registry."""
PER_PACKET = 256
ENOUGH = 5
"""Messages from which a period is learnt."""


class Wish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a device is to be entered; what is left out is made of what it said of itself."""

    id: str = ""
    name: str = ""
    dialect: str = ""
    place: Place = Place()
    tags: frozenset[str] = frozenset()
    period: Duration | None = None
    map: dict[str, str | Mapped] = {}
    model: str = ""


class Unheard(LookupError):
    """Nobody of that id is waiting to be admitted."""


class Config(Protocol):
    """What of the site in force is looked at here."""

    @property
    def devices(self) -> Sequence[DeviceSpec]: ...
    @property
    def cameras(self) -> Sequence[Any]: ...
    @property
    def admit(self) -> Sequence[Admission]: ...
    @property
    def ignore(self) -> Sequence[Pattern]: ...


class Wrong(ValueError):
    """The entry would make a site that cannot run; the text says why."""


class Closed(Exception):
    """This gateway's site cannot be changed from here."""


class Workshop(Protocol):
    """The door through which a running site is changed."""

    async def text(self, file: str) -> str: ...
    async def check(self, files: Mapping[str, str]) -> Sequence[object]: ...
    async def save(self, files: Mapping[str, str], who: str, why: str) -> object: ...


Put = Callable[[str, str, Mapping[str, Any]], str]
"""(YAML text, section, entry) -> the text with the entry."""


class Registrar:
    """*config* gives the site in force, *file* is where the strangers outlive a restart. Without
    a workshop nobody is admitted here, but who was entered by hand has its readings stored."""

    def __init__(
        self,
        discovered: Discovered,
        config: Callable[[], Config],
        inbox: Inbox,
        clock: Clock,
        file: Path,
        desk: tuple[Workshop, Put] | None = None,
    ) -> None:
        self._discovered, self._config, self._file = discovered, config, file
        self._inbox, self._clock, self._desk = inbox, clock, desk
        self._refused: Config | None = None

    def open(self, workshop: Workshop, put: Put) -> None:
        """From now on the site can be changed from here."""
        self._desk = workshop, put

    async def admit(self, id: str, wish: Wish, who: str) -> str:
        """Enter a stranger; returns the device's id. Raises `Unheard`, `Wrong` or `Closed`."""
        stranger = self._stranger(id)
        entry = entry_of(stranger, wish, self._taken())
        await self._save("devices", [entry], who, f"admitted {stranger.address}")
        await self._hand_in(stranger, entry["id"], wish.map)
        return str(entry["id"])

    async def ignore(self, id: str, who: str) -> None:
        """Hear of a stranger no more; its entry stands under `ignore` in devices.yaml."""
        stranger = self._stranger(id)
        entry = {"id": f"ignored-{id}", "dialect": stranger.dialect}
        entry["address"] = _literal(stranger.address)
        await self._save("ignore", [entry], who, f"ignored {stranger.address}")
        self._discovered.forget(id)

    async def watch(self) -> None:
        """Let in, for ever, whom patterns let in; and store what those had said whom a person
        has entered by hand."""
        try:
            while True:
                for _ in range(SAVED):
                    await self.look()
                    await self._clock.sleep_until(self._clock.now() + EVERY)
                await asyncio.to_thread(_write, self._file, self._discovered.snapshot())
        finally:
            _write(self._file, self._discovered.snapshot())

    async def look(self) -> None:
        config = self._config()
        self._discovered.ignored = config.ignore
        entered = {(spec.dialect, spec.key): spec for spec in config.devices}
        room = min(AT_ONCE, MOST - len(config.devices)) if config.admit and self._desk else 0
        welcome: list[tuple[Stranger, Admission]] = []
        for stranger in list(self._discovered):
            spec = entered.get((stranger.dialect, stranger.address)) or entered.get(
                ("", stranger.address)
            )
            if spec is not None:
                await self._hand_in(stranger, spec.id, spec.map)
            elif len(welcome) < room and (pattern := _fitting(config.admit, stranger)):
                welcome.append((stranger, pattern))
        if welcome and config is not self._refused:
            try:
                await self._let_in(welcome)
            except Wrong:
                self._refused = config  # no use to try again before somebody changed the site

    async def _let_in(self, welcome: Sequence[tuple[Stranger, Admission]]) -> None:
        taken, entries = set(self._taken()), []
        for stranger, pattern in welcome:
            entries.append(entry_of(stranger, _wish(pattern, stranger), taken))
            taken.add(entries[-1]["id"])
        patterns = ", ".join(sorted({pattern.id for _, pattern in welcome}))
        why = f"{len(entries)} devices fit a pattern"
        await self._save("devices", entries, f"admit: {patterns}", why)
        for (stranger, _), entry in zip(welcome, entries, strict=True):
            await self._hand_in(stranger, entry["id"], {})

    async def _save(
        self, section: str, entries: Iterable[Mapping[str, Any]], who: str, why: str
    ) -> None:
        if self._desk is None:
            raise Closed
        workshop, put = self._desk
        text = await workshop.text(FILE)
        for entry in entries:
            text = put(text, section, entry)
        try:
            await workshop.save({FILE: text}, who, why)
        except Unfit as unfit:
            raise Wrong("; ".join(map(str, unfit.problems))) from None

    async def _hand_in(self, stranger: Stranger, device: str, map: Mapping[str, Any]) -> None:
        readings = self._discovered.forget(stranger.id)
        if packets := list(_packets(readings, stranger, device, map)):
            await self._inbox.put(packets)

    def _stranger(self, id: str) -> Stranger:
        if (stranger := self._discovered.get(id)) is None:
            raise Unheard(id)
        return stranger

    def _taken(self) -> Collection[str]:
        config = self._config()
        return {spec.id for spec in (*config.devices, *config.cameras)}


def entry_of(stranger: Stranger, wish: Wish, taken: Collection[str]) -> dict[str, Any]:
    """The entry of devices.yaml, as plain values; its id is none of *taken*."""
    plain = re.sub(r"[^A-Za-z0-9_.:\-]+", "-", stranger.address)[:80] or "device"
    id = wish.id or _free(plain, taken)
    period = wish.period or _learnt(stranger)
    entry: dict[str, Any] = {"id": id, "name": wish.name}
    entry["dialect"] = wish.dialect or stranger.dialect
    entry["address"] = stranger.address if stranger.address != id else ""
    entry["model"] = wish.model
    entry["sender"] = stranger.sender
    entry["tags"] = sorted(wish.tags)
    entry["period"] = str(period) if period else ""
    entry["place"] = {k: v for k, v in msgspec.to_builtins(wish.place).items() if v}
    entry["map"] = msgspec.to_builtins(wish.map)
    return {key: value for key, value in entry.items() if value or key == "id"}


def recalled(file: Path) -> Discovered:
    """The strangers that were waiting at the last stop; none of a file that cannot be read: who
    still speaks is found again."""
    found = Discovered()
    try:
        found.restore(file.read_bytes())
    except (OSError, msgspec.DecodeError):
        return Discovered()
    return found


def _write(file: Path, blob: bytes) -> None:
    """On a disk that fails, which the store says loudly, a few strangers have to speak again."""
    with suppress(OSError):
        durable.write(file, blob)


def _wish(pattern: Admission, stranger: Stranger) -> Wish:
    return Wish(
        name=pattern.name.replace("{address}", stranger.address),
        place=pattern.place,
        tags=pattern.tags,
        period=pattern.period,
    )


def _fitting(patterns: Iterable[Admission], stranger: Stranger) -> Admission | None:
    said = stranger.dialect, stranger.address, stranger.topic
    return next((pattern for pattern in patterns if pattern.fits(*said)), None)


def _free(id: str, taken: Collection[str]) -> str:
    """*id*, or with the first number that nobody has."""
    found, number = id, 2
    while found in taken:
        found, number = f"{id}-{number}", number + 1
    return found


def _learnt(stranger: Stranger) -> Duration | None:
    """How often it spoke, in whole seconds, once it has often enough."""
    if stranger.messages < ENOUGH:
        return None
    seconds = round((stranger.last - stranger.first) / (stranger.messages - 1) / 1000)
    return Duration(seconds * 1000) if seconds else None


def _literal(address: str) -> str:
    """*address* as a pattern that fits nothing else."""
    return re.sub(r"([*?[])", r"[\1]", address)


def _packets(
    readings: Sequence[Reading], stranger: Stranger, device: str, map: Mapping[str, Any]
) -> Iterator[Packet]:
    """What was kept, in the gateway's own form."""
    said = []
    for reading in readings:
        meant = map.get(reading.quantity, reading.quantity if not map else None)
        if meant is None:
            continue  # the mapping leaves it out
        mapped = meant if isinstance(meant, Mapped) else Mapped(meant, reading.unit)
        said.append(
            {
                "device": device,
                "quantity": mapped.quantity,
                "value": reading.value,
                "unit": mapped.unit,
                "measured_at": reading.measured_at or reading.at,
                "late": True,
            }
        )
    for start in range(0, len(said), PER_PACKET):
        payload = msgspec.json.encode(said[start : start + PER_PACKET])
        yield Packet(TOPIC, payload, SOURCE, stranger.sender, dialect=OWN)
