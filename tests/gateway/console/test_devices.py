"""Devices in a real browser: charts, and who is admitted."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Browser, expect

from gateway.api import changes
from gateway.api.desk import Desk
from gateway.registrar import Unheard, Wish
from tests.gateway.api.client import Client
from tests.gateway.api.desk_fixture import make_desk
from tests.gateway.console.accessibility import faults
from tests.gateway.console.browser import PHONE, needs_chromium, opened

pytestmark = needs_chromium


class Admitting:
    """Lets in one stranger, once."""

    def __init__(self) -> None:
        self.wishes: list[tuple[str, Wish, str]] = []
        self.ignored: list[str] = []

    async def admit(self, id: str, wish: Wish, who: str) -> str:
        if id != "stranger-1" or self.wishes:
            raise Unheard
        self.wishes.append((id, wish, who))
        return wish.id

    async def ignore(self, id: str, who: str) -> None:
        self.ignored.append(id)


@pytest.fixture
def registrar() -> Admitting:
    return Admitting()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registrar: Admitting) -> Desk:
    monkeypatch.setattr(changes, "EVERY", 0.2)
    return replace(make_desk(tmp_path, devices=42), registrar=registrar)


async def test_an_operator_admits_who_was_discovered(
    browser: Browser, client: Client, registrar: Admitting
) -> None:
    async with opened(browser, client, "omar", viewport=PHONE, has_touch=True) as tab:
        page = tab.page
        await tab.go("/devices")
        await page.get_by_role("button", name="Not registered 1").click()
        await expect(page.get_by_text("Temperature 21.5 °C")).to_be_visible()
        await page.get_by_role("button", name="Admit", exact=True).click()
        await page.get_by_label("Name").fill("Stairwell 3")
        await page.get_by_label("Id (letters").fill("climate-03")
        await page.get_by_label("Place (address)").fill("Building 3")
        await page.get_by_label("Tags").fill("climate, stairs")
        await page.get_by_label("Latitude").fill("39.9087")
        await page.get_by_label("Longitude").fill("116,3975")
        assert await faults(page) == []
        await page.get_by_role("button", name="Admit it").click()
        await expect(page.get_by_text("Admitted as climate-03.")).to_be_visible()
    ((id, wish, who),) = registrar.wishes
    assert (id, wish.name, who) == ("stranger-1", "Stairwell 3", "omar")
    assert wish.tags == {"climate", "stairs"}
    assert msgspec.structs.astuple(wish.place)[-3:] == (39.9087, 116.3975, "Building 3")


async def test_an_operator_ignores_who_was_discovered(
    browser: Browser, client: Client, registrar: Admitting
) -> None:
    async with opened(browser, client, "omar", language="zh") as tab:
        await tab.go("/devices")
        await tab.page.get_by_role("button", name="未登记 1").click()
        async with tab.page.expect_response("**/ignore"):
            await tab.page.get_by_role("button", name="忽略").click()
    assert registrar.ignored == ["stranger-1"]


async def test_a_chart_is_pulled_closer_and_moved(browser: Browser, client: Client) -> None:
    async with opened(browser, client, "vera") as tab:
        page = tab.page
        await tab.go("/devices/bin-03")
        box = await page.locator(".chart svg").bounding_box()
        assert box
        y = box["y"] + box["height"] / 2
        await page.mouse.move(box["x"] + box["width"] * 0.5, y)
        await page.mouse.down()
        await page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=4)
        async with page.expect_request("**/series?*") as asked:
            await page.mouse.up()
        closer = span((await asked.value).url)
        assert 0.05 * 86_400_000 < closer[1] - closer[0] < 0.2 * 86_400_000
        async with page.expect_request("**/series?*") as asked:
            await page.get_by_role("button", name="Earlier").click()
        earlier = span((await asked.value).url)
        assert earlier[1] - earlier[0] == pytest.approx(closer[1] - closer[0], abs=2)
        assert earlier[0] < closer[0]
        async with page.expect_request("**/series?*") as asked:
            await page.get_by_role("button", name="Longer span").click()
        longer = span((await asked.value).url)
        assert longer[1] - longer[0] == pytest.approx(2 * (earlier[1] - earlier[0]), abs=2)


async def test_incidents_are_marked_on_the_chart(browser: Browser, client: Client) -> None:
    async with opened(browser, client, "vera") as tab:
        await tab.go("/devices/bin-03")
        await expect(tab.page.locator(".mark-of-incident.minor")).to_have_count(1)
        await tab.page.get_by_role("link", name="Bin 03 overflows").click()
        await expect(tab.page).to_have_url(f"{client.base}/incidents/inc-0002")


def span(url: str) -> tuple[int, int]:
    query = dict(part.split("=") for part in url.split("?")[1].split("&"))
    return int(query["start"]), int(query["end"])
