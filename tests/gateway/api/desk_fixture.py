"""A desk without a gateway behind it: 200 devices, 4 cameras and some incidents, in memory."""

import functools
import hashlib
import math
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import cv2
import msgspec
import numpy as np

from devices.grids import About, Grid, Grids, Polygon
from devices.registry import DeviceSpec
from gateway.api.auth import FILE, Token, User, Users, hash_password, hash_token, write_users
from gateway.api.desk import Desk
from gateway.discovered import Stranger
from gateway.health import PartsHealth
from gateway.inquiry import Inquiry
from gateway.model import (
    Action,
    Batch,
    Detection,
    Duration,
    Envelope,
    Evidence,
    GridCode,
    Incident,
    Item,
    Millis,
    Packet,
    Place,
    Quality,
    Quarantined,
    Reading,
    Reason,
    Signal,
    Subject,
)
from gateway.ports import Ack
from gateway.store import Store, StoreSpec
from gateway.store.audit import Entry
from gateway.store.balance import Balance
from gateway.store.cases import Delivery
from gateway.store.outbox import DeadLetter
from rules.kinds.object import Object
from rules.kinds.silence import Silence
from rules.kinds.threshold import Threshold
from rules.schedule import Schedule
from rules.selector import Names, Select
from tests.contracts.twins import MemoryJournal, MemoryRefused
from vision.camera import CameraSpec, camera
from vision.measures import Measures

NOW: Millis = 1_790_000_000_000
MINUTE = 60_000
DAY = 1440 * MINUTE
PASSWORDS = {"vera": "viewer-pass", "omar": "operator-pass", "ada": "admin-pass"}
ROLES: dict[str, Any] = {"vera": "viewer", "omar": "operator", "ada": "admin"}
TOKENS = {"station": "device-token", "platform": "viewer-token"}
_KINDS = (
    ("bin", "Bin", "垃圾桶", {"fill": ("%", 20, 70)}, 10),
    ("air", "Air", "空气", {"temperature": ("Cel", 15, 25), "humidity": ("%", 40, 70)}, 5),
    ("door", "Fire door", "消防门", {"contact": ("", 0, 1), "battery": ("%", 40, 100)}, 30),
    ("noise", "Noise", "噪声", {"sound_level": ("dB", 40, 60)}, 1),
    ("smoke", "Smoke", "烟感", {"smoke": ("", 0, 0), "battery": ("%", 60, 100)}, 60),
    ("water", "Water meter", "水表", {"volume": ("m3", 100, 900)}, 60),
)


class FakeClock:
    """Stands still until it is told to move, or runs with the wall when `live`."""

    synced = True

    def __init__(self, now: Millis = NOW) -> None:
        self.time = now

    def now(self) -> Millis:
        return self.time

    async def sleep_until(self, when: Millis) -> None:
        raise AssertionError("nothing here should have to sleep")


class FakeInbox:
    """Applies actions at once. `full` refuses, `silent` takes and never acknowledges."""

    def __init__(self, store: "FakeStore") -> None:
        self.items: list[Item] = []
        self.full = self.silent = False
        self._store = store

    async def put(self, items: Sequence[Item], ack: Ack | None = None) -> None:
        assert self.offer(items, ack)

    def offer(self, items: Sequence[Item], ack: Ack | None = None) -> bool:
        if self.full:
            return False
        self.items += items
        for item in items:
            if isinstance(item, Action):
                self._store.act(item)
        if ack and not self.silent:
            ack()
        return True

    @property
    def packets(self) -> list[Packet]:
        return [item for item in self.items if isinstance(item, Packet)]


class FakeOutbox:
    def __init__(self) -> None:
        self.letters: dict[str, list[DeadLetter]] = {}
        self.waiting = {"city": 3, "webhook": 0}
        self.since: Millis = NOW - 4 * MINUTE

    async def backlog(self) -> Mapping[str, Any]:
        return {
            sink: SimpleNamespace(
                waiting=n,
                dead=len(self.letters.get(sink, ())),
                oldest=self.since if n else None,
            )
            for sink, n in self.waiting.items()
        }

    async def dead(self, sink: str, limit: int = 100) -> list[DeadLetter]:
        return self.letters.get(sink, [])[:limit]

    async def revive(self, sink: str, id: str) -> bool:
        found = [d for d in self.letters.get(sink, ()) if d.id == id]
        await self.done(sink, [id])
        self.waiting[sink] += len(found)
        return bool(found)

    async def done(self, sink: str, ids: Sequence[str]) -> None:
        self.letters[sink] = [d for d in self.letters.get(sink, ()) if d.id not in ids]


class FakeJournal:
    async def waiting(self) -> Mapping[str, int]:
        return {"history": 1200}


class FakeCases:
    def __init__(self, store: "FakeStore") -> None:
        self._store = store

    async def find(
        self, inquiry: Inquiry, limit: int = 100, before: Millis | None = None
    ) -> list[Incident]:
        every = await self._store.incidents(None, 10_000, before)
        return [incident for incident in every if inquiry.fits(incident)][:limit]

    async def deliveries(self, incident: str) -> list[Delivery]:
        return [
            Delivery("city", v.seq, "done", v.updated_at + 400)
            for v in self._store.versions[incident]
        ]

    async def between(self, start: Millis, end: Millis) -> list[Sequence[Incident]]:
        return [v for v in self._store.versions.values() if v[-1].opened_at < end]


class FakeAudit:
    def __init__(self) -> None:
        self.kept: list[tuple[str, ...]] = []

    async def record(
        self, who: str, what: str, target: str, before: str = "", after: str = ""
    ) -> None:
        self.kept.append((who, what, target, before, after))

    async def entries(
        self, limit: int = 100, before: int | None = None, who: str = "", what: str = ""
    ) -> list[Entry]:
        rows = [Entry(n, NOW + n, *row) for n, row in enumerate(self.kept)]
        return [e for e in reversed(rows) if e.who == who or not who][:limit]


class FakeShadows:
    def __init__(self) -> None:
        self.signals: list[Signal] = []

    async def told(self, rule: str, since: Millis, limit: int = 2000) -> list[Signal]:
        return [s for s in self.signals if s.rule == rule and s.at >= since][-limit:]


class FakeStore:
    def __init__(self, incidents: Sequence[Incident]) -> None:
        self.cases = FakeCases(self)
        self.outbox, self.journal = FakeOutbox(), FakeJournal()
        self.refused = MemoryRefused(MemoryJournal())
        self.shadows = FakeShadows()
        self.versions = {incident.id: [incident] for incident in incidents}

    def act(self, action: Action) -> None:
        versions = self.versions.get(action.incident)
        if versions:
            over = action.phase in ("resolved", "void")
            noted = action.phase == "updated"
            versions.append(
                msgspec.structs.replace(
                    versions[-1],
                    status=versions[-1].status if noted else action.phase,
                    handled_by=versions[-1].handled_by if noted else action.who,
                    by=action.who,
                    note=action.note or versions[-1].note,
                    evidence=versions[-1].evidence + action.evidence,
                    seq=versions[-1].seq + 1,
                    updated_at=versions[-1].updated_at + 1000,
                    closed_at=NOW if over else None,
                )
            )

    async def incidents(
        self, status: Collection[str] | None = None, limit: int = 100, before: Millis | None = None
    ) -> list[Incident]:
        found = [v[-1] for v in self.versions.values() if not status or v[-1].status in status]
        found = [i for i in found if before is None or i.opened_at < before]
        return sorted(found, key=lambda i: -i.opened_at)[:limit]

    async def incident(self, id: str) -> list[Incident]:
        return list(self.versions.get(id, ()))

    async def series(
        self, device: str, quantity: str, start: Millis, end: Millis, points: int = 1000
    ) -> Any:
        at = np.linspace(start, end, min(points, 600)).astype(np.int64)
        day = course(at)
        noise = np.random.default_rng(1).normal(0, 2, len(at))
        return SimpleNamespace(
            at=at, min=day - 3 + noise, mean=day + noise, max=day + 3 + noise, count=at * 0 + 7
        )

    async def balance(self) -> Balance:
        return Balance(committed=48_213, held=48_000, expired=210, damaged=3)

    async def quarantined(self, limit: int = 100) -> list[Quarantined]:
        return [
            Quarantined(NOW - 9 * MINUTE, "listener", "tele/x/SENSOR", "not JSON", b"\xff\x00{"),
            Quarantined(NOW - MINUTE, "listener", "<img src=x>", "too deep", b"[[[[[["),
        ][:limit]


class FakeLatest:
    def __init__(self, readings: Sequence[Reading]) -> None:
        self.readings: dict[str, dict[str, Reading]] = {}
        for reading in readings:
            self.readings.setdefault(reading.device, {})[reading.quantity] = reading

    def of(self, device: str) -> Mapping[str, Reading]:
        return self.readings.get(device, {})

    def seen(self, device: str) -> Millis | None:
        return max((r.at for r in self.of(device).values()), default=None)

    def period(self, device: str) -> Millis | None:
        return 600_000 if self.of(device) else None


def course(at: Any) -> Any:
    """What every sensor here measures: up and down with the day."""
    return 50 + 18 * np.sin(at / 86_400_000 * 2 * math.pi) + 4 * np.sin(at / 2_700_000)


async def keep_past(desk: Desk, days: int = 3) -> Desk:
    """The desk with a real store behind it, in which two sensors measured for some days."""
    path = desk.root / "data" / "linli.db"
    store = Store.open(path, StoreSpec())
    now = desk.clock.now()
    try:
        for day in range(days, 0, -1):
            times = range(now - day * DAY, now - (day - 1) * DAY, 5 * MINUTE)
            taken = tuple(
                Reading(device, "temperature", float(course(at)), at, None, 0, "Cel")
                for at in times
                for device in ("air-01", "air-02")
            )
            await store.commit(Batch(at=times[-1], readings=taken))
    finally:
        store.close()
    return replace(desk, history=path)


RULES = (
    Threshold(
        id="too-warm",
        incident="climate",
        title="{name} is too warm",
        select=Select(quantity=Names(("temperature",)), tags=Names(("air",))),
        above=66.0,
        clear_below=60.0,
        wait=Duration.parse("10m"),
    ),
    Silence(id="device_silent-rule", incident="device_silent", severity="info"),
    Object(
        id="waste_dumped-rule",
        incident="waste_dumped",
        severity="major",
        select=Select(label=Names(("left_object",)), zone=Names(("bins",))),
        dwell=Duration.parse("3m"),
        schedule=Schedule.parse(["mon-fri 06:00-22:00", "freedays"]),
    ),
)


GRIDS = Grids(
    [
        Grid(
            About(f"1101010010010{n + 1:02}", f"Block {n + 1}"),
            Polygon(
                ((*((116.399 + x, 39.909 + y) for x, y in corners), (116.399 + n / 500, 39.909)),)
            ),
        )
        for n in range(4)
        for corners in (
            ((n / 500, 0), ((n + 1) / 500, 0), ((n + 1) / 500, 0.006), (n / 500, 0.006)),
        )
    ]
)


def place(n: int, chinese: bool) -> Place:
    address = f"示范小区 {n % 12 + 1} 号楼" if chinese else f"Building {n % 12 + 1}"
    return Place(
        site="demo",
        codes=(GridCode("cn-unit-grid", f"1101010010010{n % 4 + 1:02}"),),
        lat=39.91 + n % 20 / 5000,
        lon=116.4 + n // 20 / 5000,
        address=address,
    )


def subjects(count: int, chinese: bool) -> dict[str, Subject]:
    known: dict[str, Subject] = {}
    for n in range(count):
        kind, english, zh, _, minutes = _KINDS[n % len(_KINDS)]
        id = f"{kind}-{n // len(_KINDS) + 1:02}"
        name = f"{zh} {n // len(_KINDS) + 1} 号" if chinese else f"{english} {id[-2:]}"
        known[id] = Subject(
            id, name, place(n, chinese), frozenset({kind}), Duration(minutes * MINUTE)
        )
    return known


def readings(known: Mapping[str, Subject], now: Millis) -> list[Reading]:
    dice = random.Random(7)
    made = []
    for n, subject in enumerate(known.values()):
        quantities = _KINDS[n % len(_KINDS)][3]
        if n % 67 == 5:
            continue  # never heard of
        period = int(subject.period or MINUTE)
        ago = 40 * period if n % 40 == 3 else dice.randrange(period)
        for quantity, (unit, low, high) in quantities.items():
            value = round(dice.uniform(low, high), 1)
            quality = int(Quality.RETAINED) if n % 50 == 7 else 0
            made.append(Reading(subject.id, quantity, value, now - ago, None, quality, unit))
    return made


def picture(n: int, bag: bool = False, size: tuple[int, int] = (640, 360)) -> bytes:
    """A courtyard: sky, house, path, bins; with a dumped bag when asked for."""
    w, h = size
    image = np.zeros((h, w, 3), np.uint8)
    shade = np.linspace(0, 40, h)[:, None]
    image[:] = np.clip(np.array([150 - 8 * n, 146 - 5 * n, 140 - 6 * n]) + shade[..., None], 0, 255)
    image[: h // 2] = (178 - 12 * n, 170 - 10 * n, 150 - 5 * n)
    for floor in range(4):
        for window in range(9):
            x, y = 30 + window * 68, 14 + floor * 42
            cv2.rectangle(
                image, (x, y), (x + 38, y + 26), (105, 90, 74 + 9 * ((window * n) % 5)), -1
            )
    cv2.fillPoly(
        image,
        [np.array([[w * 2 // 5, h // 2], [w * 3 // 5, h // 2], [w, h], [0, h]])],
        (128, 130, 132),
    )
    for i, colour in enumerate(((70, 120, 60), (140, 90, 50), (60, 60, 150))):
        x = 60 + i * 58
        cv2.rectangle(image, (x, 205), (x + 44, 272), colour, -1)
        cv2.rectangle(image, (x - 3, 198), (x + 47, 208), tuple(int(c * 0.7) for c in colour), -1)
    if bag:
        cv2.ellipse(image, (270, 270), (34, 26), 0, 0, 360, (38, 36, 34), -1)
        cv2.ellipse(image, (270, 240), (9, 12), 0, 0, 360, (48, 46, 44), -1)
    dice = np.random.default_rng(n)
    image = np.clip(image.astype(np.int16) + dice.normal(0, 4, image.shape), 0, 255).astype(
        np.uint8
    )
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 82])[1])


def make_desk(root: Path, *, devices: int = 200, chinese: bool = False, clock: Any = None) -> Desk:
    """A desk on *root*, where it writes the users file and the evidence."""
    write_people(root)
    clock = clock or FakeClock()
    now = clock.now()
    known = subjects(devices, chinese)
    names = (
        ("东门", "垃圾站", "消防通道", "停车场")
        if chinese
        else ("East gate", "Waste station", "Fire lane", "Car park")
    )
    cameras = {
        f"cam-{n + 1}": Subject(f"cam-{n + 1}", name, place(n, chinese), frozenset({"camera"}))
        for n, name in enumerate(names)
    }
    evidence = {
        name: keep(root, picture(1, bag), role, now - ago * MINUTE)
        for name, bag, role, ago in (("before", False, "before", 9), ("bag", True, "now", 3))
    }
    store = FakeStore(incidents(now, known, cameras, evidence, chinese))
    store.outbox.since = now - 4 * MINUTE
    refused = Envelope("inc-0030-1", "city", "resolved", store.versions["inc-0030"][-1])
    store.outbox.letters["city"] = [DeadLetter(refused, "400 Bad Request: unknown grid", now)]
    health = PartsHealth(clock)
    for part, state, detail in PARTS:
        health.report(part, state, detail)
    health.count("readings", 48213, part="listener")
    health.count("malformed", 2, part="listener", why="not JSON")
    spec = SimpleNamespace
    config = spec(
        site=spec(
            time_zone="Asia/Shanghai",
            zone=ZoneInfo("Asia/Shanghai"),
            language="zh" if chinese else "en",
        ),
        devices=[DeviceSpec(id=id) for id in known],
        cameras=[watched(id) for id in cameras],
        sinks=[spec(id="city"), spec(id="webhook")],
        reading_sinks=[spec(id="history")],
        silences=(),
        grids=GRIDS,
    )
    return Desk(
        site="示范小区" if chinese else "Willow Court",
        root=root,
        config=config,
        clock=clock,
        health=health,
        store=store,
        inbox=FakeInbox(store),
        latest=FakeLatest(readings(known, now)),
        pictures=pictures(now),
        subjects=known | cameras,
        evidence_file=lambda sha: root / "data" / "evidence" / sha[:2] / f"{sha}.jpg",
        link_key=b"k" * 32,
        discovered=[
            Stranger(
                "zigbee2mqtt",
                "0x00158d0001a2b3c4",
                "zigbee2mqtt/0x00158d0001a2b3c4",
                now - 50 * MINUTE,
                now - 2 * MINUTE,
                12,
                {"temperature": 21.5, "humidity": 48.0},
                id="stranger-1",
                units={"temperature": "Cel", "humidity": "%"},
                kept=24,
            )
        ],
        rules=RULES,
        audit=FakeAudit(),
    )


PARTS = (
    ("listener", "ok", "198 devices are connected"),
    ("camera:cam-1", "ok", ""),
    ("camera:cam-2", "ok", ""),
    ("camera:cam-3", "retrying", "no picture for 12 s; is the camera switched on?"),
    ("city", "retrying", "503 Service Unavailable; trying again in 20 s"),
    ("webhook", "ok", ""),
    ("history", "failed", "401 Unauthorized: the token of sink history is not valid; change it"),
    ("store", "ok", ""),
)


hashed = functools.cache(hash_password)


def write_people(root: Path) -> None:
    people = {n: User(ROLES[n], hashed(p)) for n, p in PASSWORDS.items()}
    tokens = {
        "station": Token("device", hash_token(TOKENS["station"])),
        "platform": Token("viewer", hash_token(TOKENS["platform"])),
    }
    write_users(root / FILE, Users(people, tokens))


def keep(root: Path, jpeg: bytes, role: str, at: Millis) -> Evidence:
    sha = hashlib.sha256(jpeg).hexdigest()
    path = root / "data" / "evidence" / sha[:2] / f"{sha}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(jpeg)
    return Evidence(sha, "image/jpeg", role, at, len(jpeg))


def watched(id: str) -> CameraSpec:
    """A camera with something of everything that can be drawn."""
    return camera(
        {
            "id": id,
            "render": "bin_area",
            "fps": 5,
            "zones": [{"id": "bins", "name": "Bins", "area": [[0.1, 0.5], [0.6, 0.5], [0.6, 0.9]]}],
            "masks": [[[0.7, 0.1], [0.95, 0.1], [0.95, 0.3]]],
            "privacy": [[[0, 0], [0.2, 0], [0.2, 0.2], [0, 0.2]]],
            "detectors": [{"kind": "left_object", "dwell": "20s"}],
        }
    )


def pictures(now: Millis) -> dict[str, Any]:
    bag = Detection("left_object", 0.91, (0.36, 0.63, 0.48, 0.83), "t1", "bins", now - 3 * MINUTE)
    car = Detection("vehicle", 0.84, (0.55, 0.5, 0.8, 0.86), "t2", "lane", now - 9 * MINUTE)
    seen: dict[str, tuple[Detection, ...]] = {"cam-2": (bag,), "cam-3": (car,)}
    return {
        f"cam-{n + 1}": SimpleNamespace(
            jpeg=picture(n, bag=n == 1),
            at=now - (12_000 if n == 2 else 800),
            detections=seen.get(f"cam-{n + 1}", ()),
            health="no_signal" if n == 2 else "",
            measures=Measures(0.5, 140, 70, 0.89, 1.0, 1.1, 0.9),
            fps=4.9,
        )
        for n in range(4)
    }


def incidents(
    now: Millis,
    known: Mapping[str, Subject],
    cameras: Mapping[str, Subject],
    evidence: Mapping[str, Evidence],
    zh: bool,
) -> list[Incident]:
    def text(english: str, chinese: str) -> str:
        return chinese if zh else english

    def one(n: int, kind: str, key: str, title: str, severity: Any, **more: Any) -> Incident:
        subject = {**known, **cameras}[key]
        opened = now - n * 7 * MINUTE - 40_000
        return Incident(
            id=f"inc-{n:04}", kind=kind, rule=f"{kind}-rule", key=key, title=title,
            severity=severity, place=subject.place, opened_at=opened, updated_at=opened,
            since=opened - 5 * MINUTE, devices=(key,), **({"status": "open"} | more),
        )  # fmt: skip

    return [
        one(0, "waste_dumped", "cam-2",
            text("Waste dumped at Waste station", "垃圾站有人乱扔垃圾"), "major",
            evidence=(evidence["before"], evidence["bag"]), confidence=0.91,
            reasons=(Reason(text("An object has lain in zone bins for 3 min and belongs to nobody",
                                 "一件物品在区域 bins 中停留了 3 分钟，附近无人")),)),
        one(1, "exit_blocked", "cam-3", text("Fire lane is blocked", "消防通道被占用"), "critical",
            status="acknowledged", handled_by="omar", confidence=0.84,
            reasons=(Reason(text("A vehicle stands in zone lane for 9 min",
                                 "车辆在区域 lane 停留 9 分钟")),)),
        one(2, "bin_full", "bin-03", text("Bin 03 overflows", "垃圾桶 3 号已满"), "minor",
            reasons=(Reason(text("Fill level is 93 %, the limit is 85 %", "填充率 93 %，上限 85 %"),
                            "fill", 93.0, 85.0, "%"),)),
        one(4, "device_silent", "air-07", text("Air 07 has been silent", "空气 7 号失联"), "info",
            reasons=(Reason(text("No reading for 25 min; one is expected every 5 min",
                                 "25 分钟没有读数；应每 5 分钟一次")),)),
        one(30, "bin_full", "bin-05", text("Bin 05 overflows", "垃圾桶 5 号已满"), "minor",
            status="resolved", closed_at=now - 100 * MINUTE, handled_by="omar"),
        one(50, "waste_dumped", "cam-2",
            text("Waste dumped at Waste station", "垃圾站有人乱扔垃圾"), "major",
            status="void", closed_at=now - 300 * MINUTE, handled_by="omar",
            note=text("A shadow", "是影子"), evidence=(evidence["bag"],)),
    ]  # fmt: skip
