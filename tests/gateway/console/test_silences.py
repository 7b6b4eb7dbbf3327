"""Silences on the calendar, in a real browser."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace
from playwright.async_api import Browser, expect

from gateway.api import changes
from gateway.api.desk import Desk
from gateway.silencing import spec
from tests.gateway.api.client import Client
from tests.gateway.api.desk_fixture import make_desk
from tests.gateway.console.accessibility import faults
from tests.gateway.console.browser import PHONE, needs_chromium, opened

pytestmark = needs_chromium


class Bench:
    """A workshop that writes silences.yaml and puts it in force."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._text = desk, ""

    async def text(self, file: str) -> str:
        return self._text

    async def check(self, files: Mapping[str, str]) -> list[str]:
        return []

    async def save(
        self, files: Mapping[str, str], who: str, why: str, expect: int | None = None
    ) -> None:
        self._text = files["silences.yaml"]
        kept = yaml.load(self._text, yaml.BaseLoader)["silences"]
        self._desk.config.silences = tuple(spec(entry) for entry in kept)  # type: ignore[misc] - the fake's


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(changes, "EVERY", 0.2)
    made = make_desk(tmp_path, devices=42)
    return dataclasses.replace(made, workshop=Bench(made))


async def test_days_are_silenced_by_dragging_and_given_free_again(
    browser: Browser, client: Client, desk: Desk
) -> None:
    async with opened(browser, client, "omar") as tab:
        page = tab.page
        await tab.go("/silences")
        days = page.locator(".day:not(.other)")
        for n, act in ((9, page.mouse.down), (11, page.mouse.up)):
            box = await days.nth(n).bounding_box()
            assert box
            await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 8)
            await act()
        await expect(page.get_by_label("From")).to_have_value("2026-09-10T00:00")
        await expect(page.get_by_label("Until")).to_have_value("2026-09-13T00:00")
        await page.get_by_label("Reason").fill("Street works")
        assert await faults(page) == []
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator(".entry")).to_have_count(3)
        (kept,) = desk.config.silences
        assert (kept.reason, kept.owner, kept.start) == (
            "Street works",
            "omar",
            "2026-09-10T00:00:00",
        )
        await page.get_by_role("button", name="End it").click()
        await expect(page.get_by_text("Nothing is silenced.")).to_be_visible()


async def test_hours_that_come_again_stand_on_their_days_on_a_phone(
    browser: Browser, client: Client, desk: Desk
) -> None:
    hours = {"id": "lift", "every": "sun 02:00-04:00", "owner": "王敏", "reason": "电梯检修"}
    silence = replace(spec(hours), devices=("door-01",))
    desk.config.silences = (silence,)  # type: ignore[misc] - the fake's
    async with opened(browser, client, "vera", viewport=PHONE, language="zh") as tab:
        await tab.go("/silences")
        await expect(tab.page.locator(".entry.recurring")).to_have_count(5)
        await expect(tab.page.get_by_text("door-01 · 负责人 王敏")).to_be_visible()
        await expect(tab.page.get_by_role("button", name="结束静默")).to_have_count(0)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await tab.page.evaluate(wide) == 0
        assert await faults(tab.page) == []
