"""Debian's chromium, watched: whatever it complains about fails the test."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.gateway.api.client import Client
from tests.gateway.api.desk_fixture import PASSWORDS

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}


class Tab(NamedTuple):
    page: Page
    base: str
    complaints: list[str]

    async def go(self, path: str) -> None:
        await self.page.goto(self.base + path)
        await self.page.wait_for_selector(".headline h1")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def opened(
    browser: Browser, client: Client, who: str = "", *, language: str = "en", **context: Any
) -> AsyncIterator[Tab]:
    """A tab in which *who* is logged in, through the login page."""
    async with await browser.new_context(**({"viewport": DESKTOP} | context)) as own:
        page = await own.new_page()
        complaints = watch(page, client.base)
        await page.add_init_script(
            f"localStorage.language ??= {language!r}",
        )
        await page.goto(client.base + "/login")
        if who:
            await page.fill("#name", who)
            await page.fill("#password", PASSWORDS[who])
            await page.click("button[type=submit]")
            await page.wait_for_selector(".headline h1")
        yield Tab(page, client.base, complaints)
        assert complaints == []


def watch(page: Page, base: str) -> list[str]:
    """Errors, warnings, dialogs and requests to anybody else."""
    found: list[str] = []

    def requested(url: str) -> None:
        if urlsplit(url).netloc != urlsplit(base).netloc and not url.startswith("data:"):
            found.append(f"asked {url}")

    page.on("console", lambda m: found.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("dialog", lambda dialog: found.append(f"dialog {dialog.message}"))
    page.on("request", lambda request: requested(request.url))
    return found
