"""A model of the site's own is loaded, run, read and followed; what cannot be is said."""

import cv2
import numpy as np
import pytest

from gateway.model import Evidence
from vision.detector import Unusable
from vision.detectors.onnx import Onnx
from vision.frame import from_i420
from vision.observer import Observer
from vision.onnx import Model
from vision.watcher import Watcher

CLASSES = ("bin", "lorry")
RED_BOX = (160, 60, 200, 120)
"""x1, y1, x2, y2 of what the tiny model is taught to see, in the frame of 320 x 180."""


def varint(n):
    out = b""
    while True:
        n, low = n >> 7, n & 0x7F
        out += bytes([low | (0x80 if n else 0)])
        if not n:
            return out


def number(field, value):
    return varint(field << 3) + varint(value)


def data(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def tensor(name, array):
    """A TensorProto (onnx.proto3): dims, data_type, name, raw_data."""
    kind = {np.dtype("f4"): 1, np.dtype("i8"): 7}[array.dtype]
    dims = b"".join(number(1, n) for n in array.shape)
    return dims + number(2, kind) + data(8, name) + data(9, array.tobytes())


def info(name, shape):
    """A ValueInfoProto: float32 of *shape*."""
    dims = b"".join(data(1, number(1, n)) for n in shape)
    return data(1, name) + data(2, data(1, number(1, 1) + data(2, dims)))


def node(kind, inputs, outputs, *attributes):
    names = b"".join(data(1, n) for n in inputs) + b"".join(data(2, n) for n in outputs)
    return names + data(4, kind) + b"".join(data(5, a) for a in attributes)


def integer(name, value):
    return data(1, name) + number(3, value) + number(20, 2)


def model(nodes, tensors, size, shape):
    """A ModelProto of IR version 8, operator set 13."""
    graph = b"".join(data(1, n) for n in nodes) + data(2, "tiny")
    graph += b"".join(data(5, t) for t in tensors)
    graph += data(11, info("picture", (1, 3, size, size))) + data(12, info("out", shape))
    return number(1, 8) + data(7, graph) + data(8, number(2, 13))


def tiny(*, objectness=False, size=320):
    """A model that knows one place: red less green, averaged over the box there, is the score of
    class `lorry`. Two candidates, three pixels apart; 1 x (4 + 2) x 2, or 1 x (5 + 2) x 2."""
    x1, y1, x2, y2 = RED_BOX
    weight = np.zeros((1, 3, size, size), np.float32)
    area = (x2 - x1) * (y2 - y1)
    weight[0, 0, y1:y2, x1:x2] = 1 / area
    weight[0, 1, y1:y2, x1:x2] = -1 / area
    middle = [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]
    head = np.array([[n, n + 3 * (i < 2)] for i, n in enumerate(middle)], np.float32)
    rich = np.array([[1, 1]], np.float32) if objectness else np.zeros((0, 2), np.float32)
    head = np.vstack([head, rich, np.array([[0.01, 0.01]], np.float32)])[None]
    rows = head.shape[1] + 1
    nodes = [
        node("Reshape", ["picture", "flat"], ["pixels"]),
        node("MatMul", ["pixels", "weight"], ["red"]),
        node("Reshape", ["red", "one"], ["score"]),
        node("Concat", ["score", "score"], ["scores"], integer("axis", 2)),
        node("Concat", ["head", "scores"], ["out"], integer("axis", 1)),
    ]
    tensors = [
        tensor("weight", weight.reshape(-1, 1)),
        tensor("flat", np.array([1, weight.size], np.int64)),
        tensor("one", np.array([1, 1, 1], np.int64)),
        tensor("head", head),
    ]
    return model(nodes, tensors, size, (1, rows, 2))


def entry(**fields):
    return Onnx(**{"model": "models/tiny.onnx", "classes": CLASSES, "score": 0.4} | fields)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models/tiny.onnx").write_bytes(tiny())
    return tmp_path


def red(yard, t=0.0, *, there=True):
    picture = yard.picture(t)
    if there:
        x1, y1, x2, y2 = RED_BOX
        cv2.rectangle(picture, (x1, y1), (x2 - 1, y2 - 1), (20, 20, 230), -1)
    return picture


@pytest.mark.parametrize("objectness", [False, True])
def test_a_thing_is_found_once_where_it_is(yard, i420, root, objectness):
    (root / "models/tiny.onnx").write_bytes(tiny(objectness=objectness))
    found = Model(root, entry()).find(from_i420(i420(red(yard)), 1))
    [one] = found
    assert one.label == "lorry"
    assert one.score > 0.6
    x, y, w, h = one.rectangle
    assert np.allclose((x, y, x + w, y + h), RED_BOX, atol=4)
    assert not Model(root, entry()).find(from_i420(i420(red(yard, there=False)), 1))


def test_nms_keeps_what_overlaps_less(yard, i420, root):
    frame = from_i420(i420(red(yard)), 1)
    assert len(Model(root, entry(nms=0.95)).find(frame)) == 2
    assert len(Model(root, entry(nms=0.45)).find(frame)) == 1


@pytest.fixture
def watched(yard, i420, root, spec):
    """Labels, tracks and zones per picture while the thing is there from 4 to 12 s."""

    def run(fps=2.0, *, begin=4.0, end=12.0, seconds=24.0, drawn=(), **fields):
        detector = {"kind": "onnx", "model": "models/tiny.onnx", "classes": CLASSES, "score": 0.4}
        named = [{"id": name, "area": area} for name, area in drawn]
        site = spec(zones=named, detectors=[{**detector, **fields}])
        watcher = Watcher(site, root)
        found = []
        for t in np.arange(0, seconds, 1 / fps):
            picture = red(yard, t, there=begin <= t < end)
            found.append((t, watcher.see(i420(picture), round(t * 1000) + 1).detections))
        return found

    return run


@pytest.mark.parametrize("fps", [1, 5])
def test_it_is_one_report_while_it_is_there(watched, fps):
    seen = [(t, one) for t, found in watched(fps, every="1s") for one in found]
    assert {one.label for _, one in seen} == {"lorry"}
    assert len({one.track for _, one in seen}) == 1
    assert 4 <= seen[0][0] <= 6
    assert 11 <= seen[-1][0] <= 16
    assert "lorry" in seen[0][1].why


def test_the_dwell_counts_from_when_it_was_first_seen(watched):
    seen = [t for t, found in watched(every="1s", dwell="5s") if found]
    assert 9 <= seen[0] <= 11


@pytest.mark.parametrize(("zone", "found"), [("lower", True), ("upper", False)])
def test_it_stands_where_its_foot_is(watched, zone, found):
    lower = [[0.5, 0.6], [0.65, 0.6], [0.65, 0.8], [0.5, 0.8]]
    upper = [[0.5, 0.3], [0.65, 0.3], [0.65, 0.5], [0.5, 0.5]]
    drawn = [("lower", lower), ("upper", upper)]
    seen = [one.zone for _, found in watched(drawn=drawn, zones=[zone]) for one in found]
    assert set(seen) == ({zone} if found else set())


def test_only_what_is_asked_for_is_reported(watched):
    assert not any(found for _, found in watched(only=["bin"]))
    assert any(found for _, found in watched(only=["lorry"]))


def test_a_class_that_the_model_does_not_have_is_an_error(spec):
    detector = {"kind": "onnx", "model": "a.onnx", "classes": ["bin"], "only": ["car"]}
    with pytest.raises(ValueError, match="no class car"):
        spec(detectors=[detector])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"model": "models/none.onnx"}, "cannot be read: No such file"),
        ({"model": "models"}, "cannot be read"),
        ({"model": "../elsewhere.onnx"}, "not below the site's folder"),
        ({"model": "models/text.onnx"}, "is not an ONNX model"),
        ({"model": "models/empty.onnx"}, "is not an ONNX model"),
        ({"model": "models/half.onnx"}, "is not an ONNX model"),
        ({"classes": ("bin",) * 9}, "wanted are 13 or 14 numbers per candidate, for 9 classes"),
        ({"size": (64, 64)}, "models/tiny.onnx"),
    ],
)
def test_a_model_that_cannot_be_used_says_why(root, fields, said):
    (root / "models/text.onnx").write_text("weights: none\n")
    (root / "models/empty.onnx").write_bytes(b"")
    (root / "models/half.onnx").write_bytes(tiny()[:5000])
    (root.parent / "elsewhere.onnx").write_bytes(tiny())
    with pytest.raises(Unusable, match=said):
        Model(root, entry(**fields))


def test_a_watcher_tries_again_once_the_file_is_there(yard, i420, root, spec):
    detector = {"kind": "onnx", "model": "late.onnx", "classes": CLASSES, "score": 0.4}
    watcher = Watcher(spec(detectors=[detector]), root)
    for t in (0.0, 0.5):
        with pytest.raises(Unusable, match=r"late\.onnx cannot be read"):
            watcher.see(i420(red(yard, t)), round(t * 1000) + 1)
    (root / "late.onnx").write_bytes(tiny())
    seen = [watcher.see(i420(red(yard, t)), round(t * 1000) + 1) for t in (1.0, 1.5, 2.0)]
    assert seen[-1].detections


def test_what_a_model_names_stays_dissolved_in_evidence(yard, i420, root, spec):
    detector = {"kind": "onnx", "model": "models/tiny.onnx", "classes": CLASSES, "score": 0.2}
    detector["dwell"] = "5s"
    kept = []

    def keep(jpeg, role, at):
        kept.append((role, cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)))
        return Evidence("0" * 64, "image/jpeg", role, at, len(jpeg))

    def striped(t):
        picture = red(yard, t, there=t >= 20)
        if t >= 20:
            picture[60:120, 160:200:8] = picture[60:120, 161:200:8] = 10
        return i420(picture)

    observer = Observer(spec(detectors=[detector]), keep, root)
    for t in np.arange(0, 30, 0.5):
        observer.see(striped(t), round(t * 1000) + 1)
    [now] = [picture for role, picture in kept if role == "now"]
    inner = now[70:110, 165:195].astype(float)
    assert np.abs(np.diff(inner, axis=1)).mean() < 8, "the stripes of the thing are seen"
