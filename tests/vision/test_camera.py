"""An entry of cameras.yaml is understood, or refused with a text that helps."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Duration, Place
from vision.camera import Crop, Polygon, camera
from vision.messages import FromWorker, Setup, from_worker, length, packed, to_worker

FULL = {
    "id": "yard-1",
    "name": "Yard",
    "url": "rtsp://10.0.0.7/sub",
    "fps": 2,
    "tags": ["outside"],
    "crop": [0, 0.1, 1, 1],
    "masks": [[[0, 0], [1, 0], [1, 0.1]]],
    "privacy": [[[0, 0], [0.3, 0], [0.3, 0.2]]],
    "zones": [{"id": "exit", "area": [[0.4, 0.5], [0.6, 0.5], [0.6, 0.9]], "dwell": "20s"}],
    "detectors": [
        {"kind": "left_object", "dwell": "90s"},
        {"kind": "blocked", "zones": ["exit"], "share": 0.2},
    ],
    "evidence": {"longest": 800},
}


def test_every_field_is_read():
    found = camera(FULL)
    assert [type(d).__name__ for d in found.detectors] == ["LeftObject", "Blocked"]
    assert found.detectors[0].dwell == Duration(90_000)
    assert found.zones[0].dwell == Duration(20_000)
    assert found.crop == (0, 0.1, 1, 1)
    assert found.subject(Place(site="s")).place.site == "s"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"url": "gopher://x"}, "gopher"),
        ({"url": "/etc/passwd"}, "not one of"),
        ({"url": ""}, "exactly one"),
        ({"topic": "a/b"}, "exactly one"),
        ({"crop": [0.5, 0, 0.2, 1]}, "not a crop"),
        ({"privacy": [[[0, 0], [2, 0], [1, 1]]]}, "not an area"),
        ({"privacy": [[[0, 0], [1, 0]]]}, "not an area"),
        ({"zones": []}, "no zone is called exit"),
        ({"detectors": [{"kind": "clairvoyance"}]}, "clairvoyance"),
        ({"detectors": "all"}, "list of detectors"),
        ({"fps": 0}, "fps"),
        ({"id": "../x"}, "id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_said(change, why):
    with pytest.raises(msgspec.ValidationError, match=why):
        camera({**FULL, **change})


@pytest.mark.parametrize("kind", [Polygon, Crop])
@pytest.mark.parametrize("raw", [None, 3, "0 0 1 1", [1], [[]], {}, [[0, 0, 0]] * 4])
def test_areas_of_the_wrong_shape_are_refused(kind, raw):
    with pytest.raises(ValueError, match="write"):
        kind.parse(raw)


def test_a_specification_crosses_to_the_worker_unchanged():
    setup = Setup((camera(FULL),), "/site", 5)
    assert to_worker(packed(setup)[4:]) == setup


@given(st.binary(max_size=200))
def test_whatever_the_worker_says_is_a_message_or_an_error(body):
    try:
        found = from_worker(body)
    except msgspec.DecodeError:
        return
    assert isinstance(found, FromWorker)


def test_a_message_that_claims_to_be_huge_is_not_read():
    with pytest.raises(ValueError, match="at most"):
        length(b"\x7f\xff\xff\xff")
