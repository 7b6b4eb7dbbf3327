"""A gateway loads what its site uses, and nothing else."""

import re
from contextlib import closing
from pathlib import Path

from tests.system.box import Box, until

HEAVY = {
    "aiohttp": "destinations that are reached by HTTP",
    "av": "cameras",
    "cv2": "cameras",
    "google.protobuf": "Sparkplug B",
    "influxdb_client": "InfluxDB 2 and 3",
    "lxml": "tests",
    "paho": "tests",
}
"""Module -> what alone may load it. Each costs 5 to 50 MB."""
LINE = re.compile(r"^import time: +\d+ \| +\d+ \| *(\S+)$", re.MULTILINE)


def loaded(box: Box) -> set[str]:
    """What a gateway has imported by the time it has served a device and a person."""
    box.write("rules/none.yaml", "rules: []\n")
    with closing(box):
        box.start(PYTHONPROFILEIMPORTTIME="1")
        box.publish(("zigbee2mqtt/d-1", '{"temperature": 21}'))
        for page in ("/health", "/metrics", "/api/v1/sinks"):
            until(lambda page=page: box.get(page), page)
        return set(LINE.findall(box.log()))


def test_a_site_without_cameras_and_destinations_loads_nothing_heavy(tmp_path: Path) -> None:
    found = loaded(Box(tmp_path, devices="  - {id: d-1, dialect: zigbee2mqtt}\n"))
    assert {"msgspec", "fastapi", "gateway.uplink"} <= found, "the list is not what it was"
    assert sorted(found & HEAVY.keys()) == []


def test_a_site_loads_what_it_uses(tmp_path: Path) -> None:
    """The control."""
    sink = '  - {kind: cloud_events, id: city, url: "http://127.0.0.1:9/"}\n'
    assert "aiohttp" in loaded(Box(tmp_path, "sinks:\n" + sink))


def test_the_pixels_stay_in_the_worker(tmp_path: Path) -> None:
    camera = "  - {id: cam-1, render: bin_area, fps: 1, detectors: [{kind: left_object}]}\n"
    box = Box(tmp_path, cameras=camera)
    box.write("rules/none.yaml", "rules: []\n")
    with closing(box):
        box.start()
        until(lambda: children(box.pid) and maps_opencv(children(box.pid)[0]), "the worker sees")
        assert not maps_opencv(box.pid)


def children(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def maps_opencv(pid: int) -> bool:
    return "/cv2/" in Path(f"/proc/{pid}/maps").read_text()
