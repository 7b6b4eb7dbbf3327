"""The manifest of the evidence tells every change that is made to it."""

import hashlib
import json
import multiprocessing
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.manifest import FILE, Trouble, append, lines_of, read
from vision.evidence import evidence_file, keeper

AT = 1_700_000_000_000


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site whose camera kept five pictures."""
    keep = keeper(tmp_path, "yard-1")
    for n in range(5):
        keep(b"\xff\xd8picture %d" % n, "now", AT + n * 1000)
    return tmp_path


def lines(site: Path) -> list[bytes]:
    return (site / FILE).read_bytes().splitlines(keepends=True)


def rewrite(site: Path, changed: list[bytes]) -> None:
    (site / FILE).write_bytes(b"".join(changed))


def verified(site: Path, *args: object) -> int:
    return main(["evidence", "verify", *map(str, args), "--site", str(site)])


def picture(site: Path, n: int) -> Path:
    return evidence_file(site)(hashlib.sha256(b"\xff\xd8picture %d" % n).hexdigest())


def test_what_the_box_wrote_is_genuine(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verified(site, site / "data" / "evidence") == 0
    told = capsys.readouterr().out
    assert told.count("genuine") == 5
    assert "camera yard-1, 2023-11-14T22:13:20" in told
    assert "5 lines" in told


def test_a_copy_under_another_name_is_genuine(site: Path, tmp_path: Path) -> None:
    copy = tmp_path / "01-now.jpg"
    copy.write_bytes(picture(site, 2).read_bytes())
    assert verified(site, copy) == 0


def test_an_altered_picture_is_told(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture(site, 1).write_bytes(b"\xff\xd8another")
    assert verified(site, site / "data" / "evidence", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    [altered] = [one for one in told["pictures"] if one["verdict"] != "genuine"]
    assert (altered["verdict"], altered["line"], altered["camera"]) == ("altered", 2, "yard-1")
    assert told["chain"]["whole"] is True


def test_a_foreign_picture_is_unknown(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "theirs.jpg").write_bytes(b"\xff\xd8theirs")
    assert verified(site, site / "theirs.jpg") == 1
    assert "this box did not write it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "troubles"),
    [
        (lambda all: [*all[:2], all[2].replace(b"yard-1", b"yard-2"), *all[3:]], "altered 3 3"),
        (lambda all: [*all[:2], b"nonsense\n", *all[3:]], "altered 3 3"),
        (lambda all: [*all[:2], b"nonsense\n", *all[2:]], "altered 3 3"),
        (lambda all: [*all[:2], all[2].replace(b'{"n"', b'{ "n"'), *all[3:]], "altered 3 3"),
        (lambda all: [*all[:1], *all[3:]], "missing 2 3"),
        (lambda all: all[2:], "missing 1 2"),
        (lambda all: [*all[:2], all[1], *all[2:]], "misplaced 3 3"),
        (lambda all: [*all[:2], b"\xff\n", *all[4:]], "altered 3 3, missing 4 4"),
    ],
)
def test_a_change_is_told_with_its_place(site: Path, change, troubles: str) -> None:  # type: ignore[no-untyped-def] # parametrised
    rewrite(site, change(lines(site)))
    chain = read(site)
    assert ", ".join(f"{t.kind} {t.first} {t.last}" for t in chain.troubles) == troubles
    assert verified(site, picture(site, 0)) == 1


def test_without_the_key_no_line_can_be_made(site: Path) -> None:
    (site / "data" / "box.key").write_bytes(bytes(32))
    assert [t.kind for t in read(site).troubles] == ["altered"] * 5


def test_a_torn_line_makes_room_for_the_next(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = (site / FILE).read_bytes()
    for cut in range(1, len(lines(site)[-1])):
        (site / FILE).write_bytes(whole[:-cut])
        torn = read(site)
        assert (torn.whole, torn.torn, len(torn.entries)) == (True, True, 4)
    assert verified(site, picture(site, 0)) == 0
    assert "a power cut" in capsys.readouterr().out
    assert append(site, "a" * 64, "yard-1", "now", AT).n == 5
    assert read(site)[1:] == ((), False)


def test_after_a_damaged_last_line_the_chain_goes_on(site: Path) -> None:
    rewrite(site, [*lines(site)[:-1], b"\0" * 100 + b"\n"])
    assert append(site, "a" * 64, "yard-1", "now", AT).n == 6
    assert read(site).troubles == (Trouble("altered", 5, 5),)


def _write(root: Path, camera: str) -> None:
    for n in range(20):
        append(root, f"{n:064}", camera, "now", AT)


def test_several_processes_write_one_chain(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    start = multiprocessing.get_context("spawn").Process
    writers = [start(target=_write, args=(tmp_path, camera)) for camera in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    chain = read(tmp_path)
    assert chain.whole
    assert sorted(entry.camera for entry in chain.entries) == ["a"] * 20 + ["b"] * 20


def test_the_lines_of_some_pictures(site: Path) -> None:
    sha256 = picture(site, 3).stem
    assert lines_of(site, {sha256}) == lines(site)[3]
    assert lines_of(site, ()) == b""


def test_usage_is_told(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verified(site, site / "absent.jpg") == 2
    assert verified(tmp_path / "elsewhere", picture(site, 0)) == 2
    assert "--site" in capsys.readouterr().err
