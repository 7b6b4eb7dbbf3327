"""Pictures of every page, in both languages, light and dark, on a desk and on a phone.

python -m tests.gateway.console.screenshots OUT                     made-up facts
python -m tests.gateway.console.screenshots OUT --base http://127.0.0.1:8080 \\
    --user operator --password ...                                  a gateway that runs
"""

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from gateway.clock import SystemClock
from tests.gateway.api.client import serving
from tests.gateway.api.desk_fixture import PASSWORDS, keep_past, make_desk
from tests.gateway.console.browser import DESKTOP, PHONE, chromium

PAGES = {
    "now": "/",
    "incidents": "/incidents",
    "devices": "/devices",
    "cameras": "/cameras",
    "rules": "/rules",
    "silences": "/silences",
    "numbers": "/numbers",
    "system": "/system",
    "sinks": "/system?part=sinks",
    "users": "/system?part=users",
    "changes": "/system?part=changes",
    "log": "/system?part=log",
    "lost": "/nowhere",
}
FIRST = {
    "incident": ("/incidents", "a.incident:has(.thumb)"),
    "device": ("/devices", "a.device.ok"),
    "camera": ("/cameras", 'a[href^="/cameras/"]'),
    "rule": ("/rules", "a.rule-card"),
}
"""Pages that are found through the first link of another one."""


@asynccontextmanager
async def gateway(args: argparse.Namespace, chinese: bool) -> AsyncIterator[tuple[str, str, str]]:
    """Address, user and password of what is to be looked at."""
    if args.base:
        yield args.base, args.user, args.password
        return
    with tempfile.TemporaryDirectory() as folder:
        desk = await keep_past(make_desk(Path(folder), chinese=chinese, clock=SystemClock()))
        async with serving(desk) as client:
            yield client.base, "ada", PASSWORDS["ada"]


async def shoot(browser: Browser, args: argparse.Namespace, name: str, language: str) -> None:
    size: Any = PHONE if "phone" in name else DESKTOP
    scheme: Any = "dark" if "dark" in name else "light"
    async with (
        gateway(args, language == "zh") as (base, user, password),
        await browser.new_context(
            viewport=size, color_scheme=scheme, device_scale_factor=2 if size is PHONE else 1
        ) as context,
    ):
        page = await context.new_page()
        await page.add_init_script(f"localStorage.language ??= {language!r}")
        await page.goto(f"{base}/login")
        await page.wait_for_selector("#name")
        await page.screenshot(path=args.out / f"{name}-login.png")
        await page.fill("#name", user)
        await page.fill("#password", password)
        await page.click("button[type=submit]")
        await page.wait_for_selector(".headline h1")
        for what, path in PAGES.items():
            await keep(page, base + path, args.out / f"{name}-{what}.png")
        for what, (path, link) in FIRST.items():
            await page.goto(base + path)
            where = await page.locator(link).first.get_attribute("href")
            await keep(page, f"{base}{where}", args.out / f"{name}-{what}.png")


async def keep(page: Page, url: str, path: Path) -> None:
    await page.goto(url)
    await page.wait_for_selector(".headline h1")
    await page.wait_for_load_state("load")
    await asyncio.sleep(1)  # pictures are decoded and drawn
    await page.screenshot(path=path)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="", help="such as desk-light-en, or phone")
    parser.add_argument("--base", default="")
    parser.add_argument("--user", default="operator")
    parser.add_argument("--password", default="")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    async with chromium() as browser:
        for size in ("desk", "phone"):
            for scheme in ("light", "dark"):
                for language in ("en", "zh"):
                    name = f"{size}-{scheme}-{language}"
                    if args.only in name:
                        await shoot(browser, args, name, language)


if __name__ == "__main__":
    asyncio.run(main())
