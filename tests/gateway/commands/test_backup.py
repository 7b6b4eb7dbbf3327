"""`linli backup` and `linli restore`: there and back."""

import asyncio
import io
import tarfile
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.model import Batch
from gateway.store import Store, StoreSpec
from tests.gateway.store.facts import NOON, reading


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site that has run, with a secret and a picture."""
    site = tmp_path / "site"
    assert main(["init", str(site)]) == 0
    picture = site / "data" / "evidence" / "ab" / "abc.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"JPEG")
    remember(site, 1)
    return site


def remember(site: Path, *times: int) -> None:
    async def commit() -> None:
        store = Store.open(site / "data" / "linli.db", StoreSpec())
        await store.commit(Batch(at=NOON, readings=tuple(map(reading, times))))
        await store.aclose()

    asyncio.run(commit())


def remembered(site: Path) -> list[int]:
    async def read() -> list[int]:
        store = Store.open(site / "data" / "linli.db", StoreSpec())
        readings, _ = await store.journal.read(0, 100)
        await store.aclose()
        return [r.at - NOON for r in readings]

    return asyncio.run(read())


def test_whatever_a_person_wrote_is_in_it_and_nothing_that_opens_doors(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "silences.yaml").write_text("silences: []\n")
    (site / "grids.geojson").write_text("{}")
    file = tmp_path / "linli.tar.gz"
    assert main(["backup", str(file), "--site", str(site)]) == 0
    assert "left out, as not asked for: secrets, evidence" in capsys.readouterr().out
    with tarfile.open(file) as tar:
        names = set(tar.getnames())
    assert {"gateway.yaml", "silences.yaml", "grids.geojson", "data/linli.db"} <= names
    assert not names & {"secrets.yaml", "users.yaml"}
    assert main(["backup", str(file), "--site", str(site), "--secrets"]) == 0
    with tarfile.open(file) as tar:
        assert {"secrets.yaml", "users.yaml"} <= set(tar.getnames())


def test_there_and_back(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, rules = tmp_path / "linli.tar.gz", sorted((site / "rules").iterdir())
    assert main(["backup", str(file), "--site", str(site)]) == 0
    assert file.stat().st_mode & 0o077 == 0
    remember(site, 2)
    rules[0].write_text("broken")
    assert main(["restore", str(file), "--site", str(site)]) == 0
    assert "before-restore" in capsys.readouterr().out
    assert remembered(site) == [1]
    assert main(["check", str(site)]) == 0

    other = tmp_path / "other"
    assert main(["restore", str(file), "--site", str(other)]) == 0
    assert remembered(other) == [1]
    assert sorted(p.name for p in (other / "rules").iterdir()) == [p.name for p in rules]


@pytest.mark.parametrize(
    ("options", "secrets", "pictures"),
    [([], False, False), (["--secrets"], True, False), (["--evidence"], False, True)],
)
def test_secrets_and_pictures_only_when_asked(
    site: Path, tmp_path: Path, options: list[str], secrets: bool, pictures: bool
) -> None:
    file = tmp_path / "linli.tar.gz"
    assert main(["backup", str(file), "--site", str(site), *options]) == 0
    with tarfile.open(file) as tar:
        names = tar.getnames()
    assert ("secrets.yaml" in names) == ("users.yaml" in names) == secrets
    assert ("data/evidence/ab/abc.jpg" in names) == pictures
    assert "devices.yaml" in names


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_a_backup_that_was_cut_off_changes_nothing(
    site: Path, tmp_path: Path, part: float, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "linli.tar.gz"
    main(["backup", str(file), "--site", str(site)])
    remember(site, 2)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * part)])
    assert main(["restore", str(file), "--site", str(site)]) == 1
    assert "nothing was changed" in capsys.readouterr().out
    assert remembered(site) == [1, 2]


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "rules/../../outside"])
def test_an_archive_that_reaches_outside_is_refused(
    site: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "evil.tar.gz"
    with tarfile.open(file, "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = 4
        tar.addfile(member, io.BytesIO(b"evil"))
        tar.addfile(tarfile.TarInfo("complete"))
    assert main(["restore", str(file), "--site", str(site)]) == 1
    assert "outside" in capsys.readouterr().out
    assert not list(tmp_path.rglob("outside"))


def test_restore_refuses_while_the_gateway_runs(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "linli.tar.gz"
    main(["backup", str(file), "--site", str(site)])
    store = Store.open(site / "data" / "linli.db", StoreSpec())
    try:
        assert main(["restore", str(file), "--site", str(site)]) == 1
    finally:
        store.close()
    assert remembered(site) == [1]


def test_a_folder_without_a_site_is_wrong_usage(tmp_path: Path) -> None:
    assert main(["backup", str(tmp_path / "x.tar.gz"), "--site", str(tmp_path)]) == 2


def test_a_full_or_missing_target_leaves_nothing_behind(site: Path, tmp_path: Path) -> None:
    assert main(["backup", str(tmp_path / "no" / "x.tar.gz"), "--site", str(site)]) == 1
    assert not (tmp_path / "no").exists()
