"""A camera's page in a real browser, its trials in a real vision worker."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.async_api import Browser, Locator, expect

from config.located import Problem
from gateway.api import changes
from gateway.api.desk import Desk
from gateway.clock import SystemClock
from gateway.ports import Surroundings
from gateway.revising import Unfit
from gateway.sources.cameras import Cameras
from tests.gateway.api.client import Client
from tests.gateway.api.desk_fixture import make_desk, watched
from tests.gateway.console.accessibility import faults
from tests.gateway.console.browser import PHONE, needs_chromium, opened

pytestmark = needs_chromium
PAGE = "/cameras/cam-1"


class Deaf:
    """An inbox: scenes are not looked at here."""

    async def put(self, items: Any, ack: Any = None) -> None:
        return None


class Bench:
    """A workshop that writes what it is given."""

    def __init__(self, root: Path) -> None:
        self.root, self.why = root, ""
        (root / "cameras.yaml").write_text("cameras:\n  - {id: cam-1, render: bin_area}  # ours\n")

    async def text(self, file: str) -> str:
        return (self.root / file).read_text()

    async def check(self, files: Mapping[str, str]) -> list[str]:
        return ["cameras.yaml:1: no"] if "forbidden" in files["cameras.yaml"] else []

    async def save(
        self, files: Mapping[str, str], who: str, why: str, expect: int | None = None
    ) -> None:
        if "forbidden" in files["cameras.yaml"]:
            raise Unfit([Problem("cameras.yaml", 1, "no")])
        self.why = f"{who}: {why}"
        for name, text in files.items():
            (self.root / name).write_text(text)


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(changes, "EVERY", 0.2)
    clock = SystemClock()
    made = make_desk(tmp_path, devices=42, clock=clock)
    around = Surroundings(tmp_path, "test", clock, made.health, str, made.evidence_file)
    source = Cameras([watched("cam-1")], around)
    task = asyncio.create_task(source.run(Deaf()))
    try:
        async with asyncio.timeout(20):
            while "cam-1" not in source.pictures:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.05)
        yield replace(
            made, pictures=source.pictures, rehearsals=source.rehearsals, workshop=Bench(tmp_path)
        )
    finally:
        task.cancel()
        await asyncio.wait([task])


async def middle(of: Locator) -> tuple[float, float]:
    await of.scroll_into_view_if_needed()
    box = await of.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def test_an_operator_draws_a_zone_changes_its_corners_and_saves_it(
    browser: Browser, client: Client, desk: Desk
) -> None:
    async with opened(browser, client, "omar") as tab:
        page = tab.page
        await tab.go(PAGE)
        await page.get_by_role("button", name="Add a zone").click()
        canvas = await page.locator(".canvas").bounding_box()
        assert canvas
        at = [(0.5, 0.6), (0.9, 0.6), (0.9, 0.95), (0.5, 0.95)]
        for x, y in at:
            where = canvas["x"] + x * canvas["width"], canvas["y"] + y * canvas["height"]
            await page.mouse.click(*where)
        async with page.expect_request("**/try") as asked:
            await page.get_by_role("button", name="Done").click()
        (_, zone) = (await asked.value).post_data_json["settings"]["zones"]
        assert zone["id"] == "zone-1"
        assert zone["area"] == [pytest.approx(list(corner), abs=0.01) for corner in at]
        await expect(page.locator(".corner:not(.middle)")).to_have_count(4)
        x, y = await middle(page.get_by_role("button", name="Corner 1,"))
        await page.mouse.move(x, y)
        await page.mouse.down()
        await page.mouse.move(x - 0.1 * canvas["width"], y, steps=4)
        async with page.expect_request("**/try") as asked:
            await page.mouse.up()
        zone = (await asked.value).post_data_json["settings"]["zones"][1]
        assert zone["area"][0] == pytest.approx([0.4, 0.6], abs=0.01)
        await page.get_by_role("button", name="Add a corner after corner 2").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".corner:not(.middle)")).to_have_count(5)
        corner = page.get_by_role("button", name="Corner 3,")
        await corner.focus()
        async with page.expect_request("**/try") as asked:
            await page.keyboard.press("ArrowLeft")
        zone = (await asked.value).post_data_json["settings"]["zones"][1]
        assert zone["area"][2][0] == pytest.approx(0.89, abs=0.01)
        await page.keyboard.press("Delete")
        await expect(page.locator(".corner:not(.middle)")).to_have_count(4)
        await page.get_by_label("Name of the zone").fill("forbidden")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_role("alert")).to_have_text("cameras.yaml:1: no")
        assert "422" in tab.complaints.pop(), "the browser's own line about the answer"
        await page.get_by_label("Name of the zone").fill("Gate")
        await page.get_by_label("Why?").fill("the gate is new")
        async with page.expect_response(lambda r: r.request.method == "PUT") as kept:
            await page.get_by_role("button", name="Save", exact=True).click()
        assert (await kept.value).status == 204
    assert isinstance(desk.workshop, Bench)
    assert desk.workshop.why == "omar: the gate is new"
    text = (desk.root / "cameras.yaml").read_text()
    (camera,) = yaml.safe_load(text)["cameras"]
    assert [zone["name"] for zone in camera["zones"]] == ["Bins", "Gate"]
    assert "# ours" in text


async def test_a_finger_drags_a_private_area_on_a_phone(browser: Browser, client: Client) -> None:
    async with opened(browser, client, "omar", viewport=PHONE, has_touch=True) as tab:
        page = tab.page
        await tab.go(PAGE)
        await page.get_by_role("button", name="Add a private area").tap()
        drawing = page.locator(".areas.drawing")
        await drawing.scroll_into_view_if_needed()
        box = await drawing.bounding_box()
        assert box
        finger = await page.context.new_cdp_session(page)

        async def touch(kind: str, *at: float) -> None:
            point = {"x": box["x"] + at[0] * box["width"], "y": box["y"] + at[1] * box["height"]}
            points = [] if kind == "touchEnd" else [point]
            await finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        await touch("touchStart", 0.3, 0.3)
        await touch("touchMove", 0.5, 0.5)
        await touch("touchMove", 0.6, 0.7)
        async with page.expect_request("**/try") as asked:
            await touch("touchEnd", 0.6, 0.7)
        privacy = (await asked.value).post_data_json["settings"]["privacy"]
        wanted = [[0.3, 0.3], [0.6, 0.3], [0.6, 0.7], [0.3, 0.7]]
        assert privacy[-1] == [pytest.approx(corner, abs=0.02) for corner in wanted]
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(wide) == 0


async def test_a_slider_shows_at_once_what_would_be_found(browser: Browser, client: Client) -> None:
    async with opened(browser, client, "omar", language="zh") as tab:
        page = tab.page
        await tab.go(PAGE)
        await expect(page.get_by_text("在检测的时间内上报 0 次。")).to_be_visible()
        async with page.expect_response("**/try") as answered:
            await page.get_by_role("spinbutton", name="停留时间").fill("5")
        told = await (await answered.value).json()
        assert told["end"] > told["start"] > 0
        await page.get_by_role("button", name="最近几分钟").click()
        picture = page.locator('.canvas img[src*="/tried/"]')
        await expect(picture).to_be_visible()
        assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)")
        await page.get_by_role("slider", name="最小目标").focus()
        await expect(page.locator(".example.largest")).to_be_visible()


async def test_who_only_looks_sees_what_is_drawn_and_cannot_turn_it(
    browser: Browser, client: Client
) -> None:
    async with opened(browser, client, "vera") as tab:
        await tab.go(PAGE)
        await expect(tab.page.locator("polygon.area")).to_have_count(3)
        await expect(tab.page.get_by_text("Operators can draw areas")).to_be_visible()
        await expect(tab.page.get_by_role("slider")).to_have_count(0)
        await expect(tab.page.get_by_text("frozen from 45 s on")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_can_be_operated_by_everybody(
    browser: Browser, client: Client, scheme: str
) -> None:
    async with opened(browser, client, "omar", color_scheme=scheme) as tab:
        for path in (PAGE, "/silences"):
            await tab.go(path)
            assert await faults(tab.page) == [], path
        await tab.go(PAGE)
        await tab.page.get_by_role("button", name="Change").first.click()
        assert await faults(tab.page) == []
