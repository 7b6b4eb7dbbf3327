"""A site cuts clips from its cameras, says what happens in them, and scores on them."""

import json
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
import yaml

from gateway.cli import main
from vision import recording
from vision.capture import Lost
from vision.evaluate import clips
from vision.frame import to_i420
from vision.jpeg import BadPicture
from vision.recording import steady
from vision.truth import probed

BOX = ("0.46", "0.6", "0.56", "0.75")


def films(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def test_a_clip_shows_what_detectors_see_and_nothing_private(spec, tmp_path):
    camera = spec(fps=10, privacy=[[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]])
    file = tmp_path / "a.avi"
    assert recording.record(camera, tmp_path, 1.0, file) == 10
    shown = films(file)
    assert len(shown) == 10
    for picture in shown:
        assert picture.shape == (180, 320, 3)
        assert picture[:, :156].max() < 40
        assert picture[:, 164:].mean() > 60
    assert probed(file) == (10.0, 1.0)
    assert file.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_late_is_filled_and_what_cannot_be_read_is_passed_over(spec, monkeypatch):
    times = iter([0.0, 0.0, 0.5, 1.0, 3.0, 3.4, 4.1])
    monkeypatch.setattr(recording, "monotonic", lambda: next(times))
    shades = (10, None, 60, 110, 160, 210)
    shots = (
        BadPicture("torn") if n is None else to_i420(np.full((180, 320, 3), n, np.uint8))
        for n in shades
    )
    seen = [recording.decode(jpeg, 320).mean().round(-1) for jpeg in steady(shots, spec(fps=1), 5)]
    assert seen == [10, 60, 60, 110, 210]


def test_a_camera_that_gives_nothing_leaves_nothing(spec, tmp_path):
    with pytest.raises(Lost):
        recording.record(spec(render="", url="file:no.mp4"), tmp_path, 1, tmp_path / "a.avi")
    with pytest.raises(Lost, match="topic yard/jpeg"):
        recording.record(spec(render="", topic="yard/jpeg"), tmp_path, 1, tmp_path / "a.avi")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def site(tmp_path):
    assert main(["init", str(tmp_path / "site")]) == 0
    (tmp_path / "site" / "cameras.yaml").write_text(
        "cameras: [{id: yard, render: street_corner, fps: 10}]\n"
    )
    return tmp_path / "site"


def test_the_command_cuts_one_clip_after_the_other(site, capsys):
    for number in (1, 2):
        assert main(["vision", "record", "yard", "0.3", "--site", str(site)]) == 0
        clip = site / "clips" / f"yard-00{number}.avi"
        assert len(films(clip)) == 3
    assert f"linli vision label {clip}" in capsys.readouterr().out
    assert main(["vision", "record", "nobody", "1", "--site", str(site)]) == 2
    assert main(["vision", "record", "yard", "9000", "--site", str(site)]) == 2
    assert "yard" in capsys.readouterr().err


@pytest.fixture(scope="module")
def film(yard, tmp_path_factory):
    """25 s at 4/s; a bag lies there from 8 s on."""
    path = tmp_path_factory.mktemp("film") / "bag.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=4)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuvj420p"
        stream.codec_context.qmin = stream.codec_context.qmax = 2
        for n in range(100):
            picture = yard.picture(n / 4)
            if n >= 32:
                yard.put(picture, 150, 110)
            shown = np.clip(picture, 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="bgr24")))
        container.mux(stream.encode())
    return path


@pytest.fixture
def clip(film, tmp_path):
    return Path(shutil.copy(film, tmp_path))


def label(clip, *flags):
    return main(["vision", "label", str(clip), *map(str, flags)])


def test_what_was_labelled_is_scored(clip, capsys):
    assert label(clip, "--put", 8, "--left", 8, "--box", *BOX, "--dwell", 6) == 0
    assert "gone 8 8 25 s" in capsys.readouterr().out
    assert main(["vision", "eval", str(clip.parent), "--json", "--fps", "2"]) == 0
    told = json.loads(capsys.readouterr().out)["total"]
    assert (told["events"], told["found"], told["false_alarms"]) == (1, 1, 0)


def test_events_are_added_changed_and_taken_out(clip):
    assert label(clip, "--put", 8, "--box", *BOX, "--note", "wet") == 0
    assert label(clip, "--kind", "removed_object", "--put", 2, "--gone", 9, "--box", *BOX) == 0
    assert label(clip, "--event", 1, "--left", 9.5) == 0
    [known] = clips(clip.parent)
    assert [(e.kind, e.put_s, e.left_s, e.gone_s) for e in known.events] == [
        ("left_object", 8.0, 9.5, 25.0),
        ("removed_object", 2.0, 2.0, 9.0),
    ]
    assert (known.fps, known.dwell_s, known.note) == (4.0, 10.0, "wet")
    assert label(clip, "--remove", 1) == 0
    assert [e.kind for e in clips(clip.parent)[0].events] == ["removed_object"]


def test_other_clips_and_comments_stay_as_they_were(clip):
    file = clip.parent / "truth.yaml"
    other = "  - file: other.mp4  # from the gate\n    fps: 25\n    dwell_s: 10\n    events: []\n"
    file.write_text(f"# ours\nclips:\n{other}")
    assert label(clip) == 0
    assert label(clip, "--put", 8, "--box", *BOX) == 0
    assert file.read_text().startswith(f"# ours\nclips:\n{other}")
    assert [one["file"] for one in yaml.safe_load(file.read_text())["clips"]] == [
        "other.mp4",
        "bag.avi",
    ]


@pytest.mark.parametrize(
    ("flags", "said", "code"),
    [
        (["--put", 8, "--left", 7, "--box", *BOX], "put, then left, then gone", 1),
        (["--put", 8, "--gone", 99, "--box", *BOX], "the clip ends at 25.0 s", 1),
        (["--put", 8, "--box", 0.5, 0.2, 0.4, 0.3], "x1 < x2", 1),
        (["--until", 80], "the clip ends at 25.0 s", 1),
        (["--put", 8], "needs --put and --box", 2),
        (["--remove", 1], "there is no event 1", 2),
    ],
)
def test_what_cannot_be_true_is_said_and_not_written(clip, capsys, flags, said, code):
    assert label(clip, *flags) == code
    assert said in capsys.readouterr().err
    assert not (clip.parent / "truth.yaml").exists()


def test_what_is_no_clip_is_said(tmp_path, capsys):
    (tmp_path / "a.avi").write_bytes(b"nonsense")
    assert label(tmp_path / "a.avi") == 2
    assert label(tmp_path / "absent.avi") == 2
    assert "not a clip" in capsys.readouterr().err
