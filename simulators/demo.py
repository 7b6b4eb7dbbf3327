"""The site of the demo: written to a folder as anybody would write one, then run as such."""

import fcntl
import json
import secrets
import shutil
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from gateway.api.auth import FILE, User, Users, hash_password, new_password, write_users
from simulators import neighbourhood
from simulators.camera import EXIT_AREA
from simulators.sensors import Sensor

MARK = ".linli-demo"
"""Only a folder with this file in it is ever replaced."""
CLIPS = ("aboda_video4.avi", "pets2006_3.mp4")
"""Real scenes in which something is left behind, in the order in which they are wanted."""
CAMERAS = 4


class Taken(Exception):
    """The folder holds something that is not a demo."""


class Demo(NamedTuple):
    """What there is to know about a demo's site."""

    root: Path
    console: int
    mqtt: int
    password: str
    mqtt_password: str
    webhook_secret: str
    answers_secret: str
    """Signs what the platform answers."""
    sensors: tuple[Sensor, ...]


@contextmanager
def held(root: Path) -> Iterator[None]:
    """*root* is this demo's alone. Raises `Taken` where something else is, or another demo."""
    if root.exists() and any(root.iterdir()) and not (root / MARK).exists():
        raise Taken(f"{root} holds something else; choose another folder with --dir")
    root.mkdir(parents=True, exist_ok=True)
    with (root / MARK).open("w") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken(f"another demo runs in {root}; choose a folder with --dir") from None
        yield


def prepare(
    root: Path, *, console: int, mqtt: int, sensors: int, clips: Path | None = None
) -> Demo:
    """Write the site to *root*, in place of an older demo. Hold it with `held` meanwhile."""
    for old in root.iterdir():
        if old.is_dir():
            shutil.rmtree(old)
        elif old.name != MARK:
            old.unlink()
    (root / "rules").mkdir()
    demo = Demo(
        root=root,
        console=console,
        mqtt=mqtt,
        password=new_password(),
        mqtt_password=secrets.token_urlsafe(18),
        webhook_secret=_webhook_secret(),
        answers_secret=_webhook_secret(),
        sensors=neighbourhood.sensors(sensors),
    )
    rules = files("simulators") / "demo_site" / "rules" / "demo.yaml"
    (root / "rules" / "demo.yaml").write_text(rules.read_text("utf-8"), "utf-8")
    _dump(root / "devices.yaml", {"devices": neighbourhood.entries(demo.sensors)})
    grids = json.dumps(neighbourhood.grids(), ensure_ascii=False, indent=1)
    (root / "grids.geojson").write_text(grids, "utf-8")
    _dump(root / "cameras.yaml", {"cameras": cameras(_copied(clips, root / "clips"))})
    return demo


def write_gateway(demo: Demo, platform: str) -> None:
    """gateway.yaml, secrets and users, now that the *platform*'s address is known."""
    root = demo.root
    secret = {
        "mqtt": demo.mqtt_password,
        "city": demo.webhook_secret,
        "city_answers": demo.answers_secret,
    }
    _dump(root / "secrets.yaml", secret, private=True)
    _dump(root / "gateway.yaml", _gateway(demo, platform))
    gateway = (root / "gateway.yaml").read_text("utf-8").replace("'!secret ", "!secret '")
    (root / "gateway.yaml").write_text(gateway, "utf-8")
    operator = User(role="admin", password=hash_password(demo.password))
    write_users(root / FILE, Users(users={"operator": operator}))


def cameras(clips: Sequence[str]) -> list[dict[str, Any]]:
    """Three rendered scenes, and a real clip where there is one."""
    quick = {"kind": "left_object", "dwell": "15s"}
    zone = {"id": "exit", "name": "安全出口 Exit", "area": [list(corner) for corner in EXIT_AREA]}
    found: list[dict[str, Any]] = [
        _camera(
            "cam-corner", "街角 Street corner", 1, render="street_corner", detectors=[dict(quick)]
        ),
        _camera(
            "cam-bins", "垃圾投放点 Waste point", 4, render="bin_area", detectors=[dict(quick)]
        ),
        _camera(
            "cam-exit",
            "地下通道安全出口 Basement exit",
            7,
            render="exit_corridor",
            zones=[zone],
            detectors=[{"kind": "blocked", "zones": ["exit"], "dwell": "15s"}],
        ),
    ]
    for number, clip in enumerate(clips, 1):
        name = f"真实录像 {number} Real clip {number}"
        url = f"file:clips/{clip}"
        found.append(_camera(f"cam-clip-{number}", name, 9, url=url, detectors=[dict(quick)]))
    if len(found) < CAMERAS:
        found.append(_camera("cam-gate", "东门 East gate", 10, render="street_corner"))
    return found[:CAMERAS]


def _camera(id: str, name: str, building: int, **how: Any) -> dict[str, Any]:
    lat, lon = neighbourhood.middle(building - 1)
    place = {
        "site": neighbourhood.SITE,
        "lat": lat,
        "lon": lon,
        "address": f"槐荫里 {building} 号楼 Building {building}",
    }
    return {"id": id, "name": name, "place": place, "fps": 2, **how}


def _gateway(demo: Demo, platform: str) -> dict[str, Any]:
    everything = {"name": "sensors", "password": "!secret mqtt", "topics": ["#"]}
    return {
        "site": {
            "id": neighbourhood.SITE,
            "name": "槐荫里社区 Huaiyinli",
            "place": {
                "site": neighbourhood.SITE,
                "codes": [{"scheme": "cn-division", "value": neighbourhood.COMMUNITY}],
                "lat": neighbourhood.CENTRE[0],
                "lon": neighbourhood.CENTRE[1],
                "address": "槐荫里 Huaiyinli",
            },
        },
        "console": {"listen": f"127.0.0.1:{demo.console}"},
        "sources": [
            {"kind": "mqtt_listener", "id": "listener", "port": demo.mqtt, "users": [everything]}
        ],
        "sinks": [
            {
                "kind": "cloud_events",
                "id": "city",
                "url": platform,
                "secret": "!secret city",
                "reference": "case",
                "answers": "!secret city_answers",
            }
        ],
    }


def _webhook_secret() -> str:
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


def _copied(clips: Path | None, into: Path) -> list[str]:
    """A camera's file must lie below its site's folder."""
    found: Iterable[Path] = (clips / name for name in CLIPS) if clips else ()
    present = [path for path in found if path.is_file()][:1]
    for path in present:
        into.mkdir(exist_ok=True)
        shutil.copyfile(path, into / path.name)
    return [path.name for path in present]


def _dump(path: Path, value: Any, *, private: bool = False) -> None:
    text = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=100)
    path.touch(0o600 if private else 0o644)
    path.write_text(text, "utf-8")
