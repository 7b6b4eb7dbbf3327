"""The pages as they are served: nothing inline, nothing from elsewhere, found once and kept."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.api.spec import ConsoleSpec, Listen
from gateway.console import files
from gateway.console.pages import PATHS, imported
from tests.gateway.api.client import Client, serving
from tests.gateway.api.desk_fixture import make_desk


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with serving(make_desk(tmp_path, devices=42)) as client:
        yield client


async def test_what_a_page_names_is_served_and_is_ours(client: Client) -> None:
    page = (await client.ask("GET", "/", "vera")).body.decode()
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(links) > 20
    for link in links:
        assert link.startswith("/console/"), link
        answer = await client.ask("GET", link)
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|style=", page)


async def test_modules_import_only_each_other(client: Client) -> None:
    for path in files.FOLDER.rglob("*.js"):
        for name in re.findall(r'from "([^"]+)"', path.read_text("utf-8")):
            assert (path.parent / name).resolve().is_relative_to(files.FOLDER), (path, name)
            assert (path.parent / name).is_file(), (path, name)


def test_no_script_makes_markup_of_text() -> None:
    for path in files.FOLDER.rglob("*.js"):
        text = path.read_text("utf-8")
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in text, path
        assert not re.search(r"https?://(?!www\.w3\.org/)", text), path


@pytest.mark.parametrize("screen", sorted({*PATHS.values(), "lost"}))
def test_the_first_page_is_small(screen: str) -> None:
    """Over a weak mobile network: what is needed at once, whichever page is the first, and one
    language of the texts, in under 60 kB."""
    found = files.load()
    needed = [*imported(found, ["app.js", f"screens/{screen}.js"]), *found.paths(".css")]
    zipped = {path: len(found.files[path].zipped) for path in (*needed, "texts/zh.json")}
    assert sum(zipped.values()) < 60_000, sorted(zipped.items(), key=lambda item: -item[1])


def test_every_screen_has_an_address_in_the_browser_and_in_the_gateway() -> None:
    routes = re.findall(r'/, "(\w+)", "(\w+)"\]', (files.FOLDER / "app.js").read_text("utf-8"))
    assert {screen for screen, _ in routes} == set(PATHS.values())
    for screen in (*PATHS.values(), "lost"):
        assert (files.FOLDER / "screens" / f"{screen}.js").is_file()


async def test_a_changed_file_has_another_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    (tmp_path / "a.js").write_text("1")
    first = files.load()
    (tmp_path / "a.js").write_text("2")
    assert files.load().version != first.version


async def test_an_old_address_is_not_found_rather_than_wrong(client: Client) -> None:
    assert (await client.ask("GET", "/console/000000000000/app.js")).status == 404


async def test_strangers_are_not_told_about_users(client: Client) -> None:
    page = (await client.ask("GET", "/login")).body.decode()
    assert "Willow Court" in page
    assert "role" not in page


@pytest.mark.parametrize(("listen", "warned"), [("127.0.0.1:0", False), ("0.0.0.0:0", True)])
async def test_says_when_others_can_read_along(tmp_path: Path, listen: str, warned: bool) -> None:
    spec = ConsoleSpec(listen=Listen(listen))
    async with serving(make_desk(tmp_path, devices=42), spec) as client:
        page = (await client.ask("GET", "/login")).body.decode()
    assert ("&quot;open&quot;:true" in page) is warned


async def test_a_hostile_site_name_stays_a_name(tmp_path: Path) -> None:
    desk = replace(make_desk(tmp_path, devices=42), site='"><script>alert(1)</script>')
    async with serving(desk) as client:
        page = (await client.ask("GET", "/login")).body.decode()
    assert "<script>alert" not in page
