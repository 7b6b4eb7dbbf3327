"""Settings are tried on what was seen: what they find, what they do not, and why."""

from pathlib import Path

import av
import numpy as np
import pytest
from msgspec.structs import replace

from vision.evidence import Shot
from vision.messages import Try
from vision.recent import CHAPTER, CHAPTERS, Footage, Recent, shrunk
from vision.rehearsal import NOTHING, Stage, rehearse

AREA = [[0.3, 0.4], [0.7, 0.4], [0.7, 0.9], [0.3, 0.9]]


@pytest.fixture
def footage(yard, spec, i420):
    """A minute and a half at one picture a second; a bag lies there from the 30th second on."""
    frames = []
    for t in range(90):
        picture = yard.picture(t)
        if t >= 30:
            yard.put(picture, 150, 110)
        frames.append(Shot(t * 1000 + 1, shrunk(i420(picture), spec())))
    return Footage(tuple(frames), b"", ())


def dwell(seconds, **more):
    return [{"kind": "left_object", "dwell": f"{seconds}s", **more}]


def test_a_shorter_dwell_finds_it_and_a_longer_one_waits(footage, spec):
    told = rehearse(spec(detectors=dwell(20)), Path(), footage)
    (report,) = told.reports
    assert report.label == "left_object"
    assert 45_000 < report.at < 58_000
    assert (told.start, told.end) == (1, 89_001)
    assert told.moments[-1].found
    told = rehearse(spec(detectors=dwell(80)), Path(), footage)
    assert not told.reports
    (waiting,) = told.moments[-1].waiting
    assert waiting.why == "waiting"
    assert 50 < waiting.seconds < 65
    x1, _, x2, _ = waiting.box
    assert x1 < 162 / 320 < x2


def test_what_is_too_small_is_said(footage, spec):
    told = rehearse(spec(detectors=dwell(20, smallest=0.1)), Path(), footage)
    assert not told.reports
    refused = {w.why for moment in told.moments for w in moment.waiting}
    assert "small" in refused


def test_a_mask_and_a_privacy_area_hide_it(footage, spec):
    assert not rehearse(spec(detectors=dwell(20), masks=[AREA]), Path(), footage).reports
    assert not rehearse(spec(detectors=dwell(20), privacy=[AREA]), Path(), footage).reports


def test_a_blocked_zone_tells_how_much_is_taken(footage, spec):
    detectors = [{"kind": "blocked", "zones": ["exit"], "dwell": "20s", "share": 0.9}]
    zones = [{"id": "exit", "area": AREA}]
    told = rehearse(spec(detectors=detectors, zones=zones), Path(), footage)
    assert not told.reports
    (waiting,) = told.moments[-1].waiting
    assert (waiting.why, waiting.zone) == ("share", "exit")
    assert 0.01 < waiting.share < 0.2


def test_nothing_was_seen_yet(spec):
    told = rehearse(spec(), Path(), NOTHING)
    assert (told.start, told.end, told.moments, told.reports) == (0, 0, (), ())


def test_the_last_minutes_are_kept_and_older_ones_forgotten():
    recent = Recent()
    for at in range(1000, 12 * CHAPTER, 500):
        if recent.due(at):
            if recent.begins(at):
                recent.begin(at, str(at).encode())
            recent.add(Shot(at, b"frame"))
        recent.show(Shot(at, b"picture"))
    kept = recent.footage()
    assert len(kept.frames) <= (CHAPTERS + 1) * 60
    assert kept.frames[-1].at - kept.frames[0].at >= CHAPTERS * CHAPTER - 2000
    assert int(kept.scene) == kept.frames[0].at
    assert len(kept.pictures) <= (CHAPTERS + 1) * 6
    last = recent.footage(70)
    assert 70_000 <= last.frames[-1].at - last.frames[0].at < 2 * CHAPTER + 10_000
    assert int(last.scene) == last.frames[0].at


def test_a_clip_is_judged_as_its_camera_would_see_it(tmp_path, yard, spec):
    film(tmp_path / "clips" / "bag.mp4", yard)
    camera = spec(detectors=dwell(10), privacy=[[[0, 0], [0.2, 0], [0.2, 0.2], [0, 0.2]]])
    stage = Stage(tmp_path)
    tried = stage.perform(Try(7, camera, "clips/bag.mp4", True), NOTHING)
    assert tried.id == 7
    assert tried.trouble == ""
    assert len(tried.outcome.reports) == 1
    assert set(tried.outcome.pictures) == set(tried.pictures)
    (tmp_path / "clips" / "bag.mp4").unlink()
    shorter = replace(camera, detectors=spec(detectors=dwell(60)).detectors)
    again = stage.perform(Try(8, shorter, "clips/bag.mp4", False), NOTHING)
    assert not again.outcome.reports, "the clip was kept, its verdict was not"
    assert again.pictures == {}


def test_a_clip_that_is_not_there_is_said(tmp_path, spec):
    stage = Stage(tmp_path)
    assert "not there" in stage.perform(Try(1, spec(), "clips/x.mp4", False), NOTHING).trouble
    assert "not below" in stage.perform(Try(1, spec(), "../x.mp4", False), NOTHING).trouble


def film(path, yard):
    path.parent.mkdir()
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=2)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = (
            320,
            180,
            "yuv420p",
            4_000_000,
        )
        for n in range(100):
            picture = yard.picture(n / 2)
            if n > 40:
                yard.put(picture, 150, 110)
            frame = av.VideoFrame.from_ndarray(np.clip(picture, 0, 255).astype(np.uint8), "bgr24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
