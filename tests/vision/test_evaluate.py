"""The scoring is what truth.yaml says, and real clips go as they went."""

import argparse
import json
from pathlib import Path

import pytest

from gateway.commands import vision as command
from gateway.model import Detection
from vision.evaluate import Clip, Event, Score, clips, report, total

DATA = Path(__file__).parents[2] / "../shared/data/vision"
EVENT = Event("left_object", 10.0, 12.0, 30.0, (0.4, 0.4, 0.6, 0.6))
CLIP = Clip("a.mp4", 25.0, 10.0, (EVENT,))


@pytest.mark.parametrize(
    ("box", "at", "true"),
    [
        ((0.45, 0.45, 0.55, 0.55), 20.0, True),
        ((0.25, 0.45, 0.37, 0.55), 20.0, True),
        ((0.2, 0.45, 0.3, 0.55), 20.0, False),
        ((0.45, 0.45, 0.55, 0.55), 9.9, False),
        ((0.45, 0.45, 0.55, 0.55), 30.1, False),
    ],
)
def test_a_report_counts_by_place_and_time(box, at, true):
    seen = Detection("whatever", 0.9, box)
    assert (report(seen, at, CLIP).event == 0) is true


def test_sums():
    scores = [
        Score("a", 1, 1, 0, 100.0, (2.0,), 1.0),
        Score("b", 1, 0, 2, 260.0, (), 2.0),
    ]
    assert total(scores) == {
        "events": 2,
        "found": 1,
        "false_alarms": 2,
        "false_alarms_per_hour": 20.0,
        "median_delay_s": 2.0,
        "ms_per_frame": 1.722,
    }


@pytest.mark.parametrize("text", ["", "clips: 3", "clips: [{file: a}]", "{", "\x00"])
def test_a_truth_that_cannot_be_read_is_a_problem_found(tmp_path, text, capsys):
    (tmp_path / "truth.yaml").write_text(text)
    with pytest.raises(ValueError, match="truth"):
        clips(tmp_path)
    assert evaluate(tmp_path) == 1


def test_a_clip_that_cannot_be_played_is_named_and_the_rest_is_run(tmp_path, capsys):
    (tmp_path / "truth.yaml").write_text("clips: [{file: a.mp4, fps: 5, dwell_s: 3}]")
    assert evaluate(tmp_path, "--json") == 1
    said = capsys.readouterr()
    assert "a.mp4" in said.err
    assert json.loads(said.out)["total"]["events"] == 0


def evaluate(folder, *options):
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    return command.run(parser.parse_args(["eval", str(folder), *options]))


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared clips are not beside the repository")
def test_real_clips(tmp_path, capsys):
    """Three short ones, by the command, in its JSON."""
    chosen = [c for c in clips(DATA) if c.file.startswith(("aboda", "lane", "highway"))]
    truth = [
        {"file": c.file, "fps": c.fps, "dwell_s": c.dwell_s, "events": [event(e) for e in c.events]}
        for c in chosen
    ]
    (tmp_path / "truth.yaml").write_text(json.dumps({"clips": truth}))
    for clip in chosen:
        (tmp_path / clip.file).symlink_to((DATA / clip.file).resolve())
    assert evaluate(tmp_path, "--json", "--fps", "2") == 0
    said = json.loads(capsys.readouterr().out)
    assert [c["found"] for c in said["clips"]] == [c["events"] for c in said["clips"]]
    assert said["total"]["events"] == 2
    assert said["total"]["false_alarms"] == 0
    assert set(said["clips"][0]) == {
        "file",
        "events",
        "found",
        "false_alarms",
        "seconds",
        "delays_s",
        "ms_per_frame",
    }


def event(e):
    return {
        "kind": e.kind,
        "put_s": e.put_s,
        "left_s": e.left_s,
        "gone_s": e.gone_s,
        "box": e.box,
    }
