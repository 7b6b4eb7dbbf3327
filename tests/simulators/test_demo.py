from pathlib import Path

import pytest

from config.load import load
from simulators.demo import Taken, held, prepare, write_gateway


def test_the_demo_is_a_site_without_a_problem(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    with held(root):
        demo = prepare(root, console=8080, mqtt=1883, sensors=240)
        write_gateway(demo, "http://127.0.0.1:8090/events")
    config = load(root)
    assert len(config.devices) == 240
    assert len({device.dialect for device in config.devices}) >= 6
    assert len(config.cameras) == 4
    assert [sink.id for sink in config.sinks] == ["city"]
    assert (root / "secrets.yaml").stat().st_mode & 0o077 == 0


def test_a_real_clip_replaces_the_last_rendered_scene(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    (clips / "aboda_video4.avi").write_bytes(b"x")
    root = tmp_path / "demo"
    with held(root):
        demo = prepare(root, console=8080, mqtt=1883, sensors=20, clips=clips)
        write_gateway(demo, "http://127.0.0.1:8090/events")
    cameras = load(root).cameras
    assert [bool(camera.url) for camera in cameras] == [False, False, False, True]


def test_an_older_demo_is_replaced_and_nothing_else_ever_is(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    for _ in range(2):
        with held(root):
            prepare(root, console=8080, mqtt=1883, sensors=6)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(Taken, match="something else"), held(tmp_path / "mine"):
        pass
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "x"


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    with held(root), pytest.raises(Taken, match="another demo"), held(root):
        pass
