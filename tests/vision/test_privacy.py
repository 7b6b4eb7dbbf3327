"""Masked pixels appear in no output, and whoever moves is not recognisable in any."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from vision.evidence import evidence_file, keeper
from vision.observer import Observer

AREA = [[0, 0], [0.3, 0], [0.3, 0.4], [0, 0.4]]
SECRET = (slice(0, 72), slice(0, 96))


def pictures(folder: Path):
    return [cv2.imread(str(path)) for path in folder.rglob("*.jpg")]


@pytest.fixture
def outputs(yard, spec, i420, tmp_path):
    """Everything that leaves while a bag is left and somebody walks past a secret window."""
    window = np.indices((72, 96)).sum(0)[:, :, None] // 6 % 2 * 255.0

    def film(t):
        picture = yard.picture(t)
        picture[SECRET] = window * (0.5 + 0.5 * np.sin(t))
        if t > 15:
            yard.put(picture, 150, 110)
        yard.walker(picture, (t * 25) % 400 - 40, t)
        return picture

    camera = spec(privacy=[AREA], detectors=[{"kind": "left_object", "dwell": "10s"}])
    observer = Observer(camera, keeper(tmp_path, "yard"))
    previews = []
    for t in np.arange(0, 60, 0.5):
        seen = observer.see(i420(film(t)), round(t * 1000) + 1)
        previews.append(cv2.imdecode(np.frombuffer(observer.preview(), np.uint8), 1))
    return seen, previews, pictures(tmp_path), tmp_path


def test_a_privacy_area_is_black_in_every_output(outputs):
    _, previews, evidence, _ = outputs
    assert len(evidence) >= 2
    for picture in previews + evidence:
        assert picture[:66, :90].max() < 40


def test_a_walker_dissolves_into_blocks(yard, spec, i420, tmp_path):
    camera = spec(detectors=[{"kind": "left_object", "dwell": "10s"}])
    observer = Observer(camera, keeper(tmp_path, "yard"))
    checker = np.indices((24, 16)).sum(0)[:, :, None] % 2 * 255.0
    for t in np.arange(0, 30, 0.5):
        picture = yard.picture(t)
        if t > 15:
            x = 20 + int((t - 15) * 16)
            picture[100:124, x : x + 16] = checker  # finer than any block
        observer.see(i420(picture), round(t * 1000) + 1)
    shown = cv2.imdecode(np.frombuffer(observer.preview(), np.uint8), 1)
    assert np.ptp(shown[102:122, x + 2 : x + 14].astype(int), axis=(0, 1)).max() < 130
    raw = np.clip(picture, 0, 255)[102:122, x + 2 : x + 14]
    assert np.ptp(raw, axis=(0, 1)).min() > 200


def test_while_it_learns_everything_is_hidden(yard, spec, i420, tmp_path):
    observer = Observer(spec(), keeper(tmp_path, "yard"))
    picture = yard.picture(0)
    picture[::2, ::2] = 255
    observer.see(i420(picture), 1)
    shown = cv2.imdecode(np.frombuffer(observer.preview(), np.uint8), 1)
    fine = cv2.absdiff(shown[:, 1:], shown[:, :-1]).mean()
    assert fine < 0.15 * np.abs(np.diff(np.clip(picture, 0, 255), axis=1)).mean()


def test_what_is_cut_away_is_hidden(yard, spec, i420, tmp_path):
    observer = Observer(spec(crop=[0.5, 0, 1, 1]), keeper(tmp_path, "yard"))
    for t in np.arange(0, 30, 0.5):
        picture = yard.picture(t)
        picture[:, :158:2] = 255
        observer.see(i420(picture), round(t * 1000) + 1)
    shown = cv2.imdecode(np.frombuffer(observer.preview(), np.uint8), 1)
    assert cv2.absdiff(shown[:, 1:150], shown[:, :149]).mean() < 12


def test_evidence_is_named_by_its_hash_and_shows_before_and_now(outputs):
    seen, _, _, folder = outputs
    [detection] = seen.detections
    assert [e.role for e in detection.evidence] == ["before", "now"]
    for evidence in detection.evidence:
        data = evidence_file(folder)(evidence.sha256).read_bytes()
        assert hashlib.sha256(data).hexdigest() == evidence.sha256
        assert len(data) == evidence.size
    before, now = (evidence.taken_at for evidence in detection.evidence)
    assert before < detection.since <= now
    assert not list(folder.rglob("*.new"))


def test_a_policy_may_keep_nothing(yard, spec, i420, tmp_path):
    camera = spec(evidence={"keep": False}, detectors=[{"kind": "left_object", "dwell": "10s"}])
    observer = Observer(camera, keeper(tmp_path, "yard"))
    for t in np.arange(0, 40, 0.5):
        picture = yard.picture(t)
        if t > 15:
            yard.put(picture, 150, 110)
        seen = observer.see(i420(picture), round(t * 1000) + 1)
    assert seen.detections
    assert not list(tmp_path.rglob("*"))
