"""Video files and streams: played at their own speed, lost in an orderly way."""

import socket
import threading
from contextlib import closing
from itertools import islice

import av
import numpy as np
import pytest

import vision.streams
from vision.capture import Lost, Pace, Slot, fed
from vision.jpeg import BadPicture
from vision.streams import below, live, looped


@pytest.fixture
def site(tmp_path):
    """A site's folder with a clip of ten pictures in half a second."""
    with av.open(str(tmp_path / "clip.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=20)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for i in range(10):
            picture = np.full((180, 320, 3), 20 * i, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    return tmp_path


def pace(fps=1000.0, stop=None):
    return Pace(fps, stop or threading.Event())


def taken(shots, n):
    with closing(shots):
        return list(islice(shots, n))


def test_a_file_is_played_over_and_over(site, spec):
    found = taken(looped(spec(render="", url="file:clip.mp4"), site, pace()), 25)
    assert {p.shape for p in found} == {(270, 320)}
    assert found[2].mean() < found[8].mean()


def test_it_ends_when_all_stops(site, spec):
    stop = threading.Event()
    shots = looped(spec(render="", url="file:clip.mp4"), site, pace(stop=stop))
    next(shots)
    stop.set()
    assert len(list(shots)) <= 1


@pytest.mark.parametrize("url", ["file:../secret.mp4", "file:///etc/hostname", "file:link.mp4"])
def test_a_file_outside_the_sites_folder_is_refused(site, url):
    (site.parent / "secret.mp4").write_bytes(b"x")
    (site / "link.mp4").symlink_to(site.parent / "secret.mp4")
    with pytest.raises(Lost):
        below(site, url)


@pytest.mark.parametrize("data", [b"", b"\x00" * 5000, b"#EXTM3U\nfile:///etc/passwd\n"])
def test_what_is_no_video_is_lost_with_a_reason(site, spec, data):
    (site / "bad.mp4").write_bytes(data)
    with pytest.raises(Lost) as lost:
        next(looped(spec(render="", url="file:bad.mp4"), site, pace()))
    assert str(lost.value)


def test_a_truncated_clip_gives_what_it_has(site, spec):
    whole = (site / "clip.mp4").read_bytes()
    spoilt = bytearray(whole)
    spoilt[200:400] = bytes(200)
    (site / "clip.mp4").write_bytes(bytes(spoilt))
    try:
        found = taken(looped(spec(render="", url="file:clip.mp4"), site, pace()), 3)
    except Lost:
        return
    assert len(found) == 3


def test_a_stream_that_says_nothing_is_lost_after_the_time_out(spec, monkeypatch):
    monkeypatch.setattr(vision.streams, "TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"rtsp://user:secret@127.0.0.1:{server.getsockname()[1]}/a"
        with pytest.raises(Lost) as lost:
            next(live(spec(render="", url=url), pace()))
    assert "secret" not in str(lost.value)


def test_only_video_devices_are_opened(spec):
    with pytest.raises(Lost, match="not a video device"):
        next(live(spec(render="", url="v4l2:///etc/passwd"), pace()))


def test_a_slot_keeps_the_last_picture_only(spec):
    slot, camera = Slot(), spec(render="", topic="yard")
    slot.put(b"old")
    slot.put(b"new")
    assert slot.take(0) == b"new"
    assert slot.take(0) is None
    slot.put(b"rubbish")
    assert isinstance(next(fed(camera, slot, pace())), BadPicture)
