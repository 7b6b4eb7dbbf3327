"""An operator's day, on the demo's whole gateway: real broker, cameras, rules, store, platform.

The demo's own sensors and scenes make what happens; nothing is put into the gateway from here but
one device that nobody has entered, and what an operator changes of the site.
"""

import asyncio
import json
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import paho.mqtt.client as mqtt
import pytest
import yaml
from paho.mqtt.enums import CallbackAPIVersion
from playwright.async_api import Browser, Locator, Page, expect

from tests.gateway.console import axe
from tests.gateway.console.browser import DESKTOP, PHONE, chromium, needs_chromium, watch
from tests.system.box import free_port, until

pytestmark = [needs_chromium, pytest.mark.slow]

PATIENCE = 120.0
STRANGER = "0x00158d0001a2b3c4"


class Town(NamedTuple):
    base: str
    password: str
    root: Path


@asynccontextmanager
async def demo(root: Path) -> AsyncIterator[Town]:
    """`linli demo` as a process of its own, and stopped as one."""
    port = free_port()
    command = ["-m", "gateway.cli", "demo", "--dir", str(root), "--port", str(port)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *command, "--sensors", "60"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        told = ""
        async with asyncio.timeout(PATIENCE):
            while "password" not in told:
                told += (await process.stdout.readline()).decode()
        found = dict(re.findall(r"(console|password)\s+(\S+)", told))
        await asyncio.to_thread(until, lambda: _listens(port), "the console serves", PATIENCE)
        yield Town(found["console"].rstrip("/"), found["password"], root)
    finally:
        process.terminate()
        await process.communicate()


async def speak(town: Town) -> None:
    """A device that nobody has entered says something."""
    source = yaml.safe_load((town.root / "gateway.yaml").read_text().replace("!secret ", ""))
    secrets = yaml.safe_load((town.root / "secrets.yaml").read_text())
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set("sensors", secrets["mqtt"])
    port = source["sources"][0]["port"]
    await asyncio.to_thread(until, lambda: _listens(port), "the broker listens", PATIENCE)
    client.connect("127.0.0.1", port)
    client.loop_start()
    body = json.dumps({"temperature": 21.5, "humidity": 48, "battery": 91, "linkquality": 120})
    try:
        sent = client.publish(f"zigbee2mqtt/{STRANGER}", body, qos=1)
        await asyncio.to_thread(sent.wait_for_publish, 20)
    finally:
        client.disconnect()
        client.loop_stop()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@asynccontextmanager
async def operator(browser: Browser, town: Town, **how: object) -> AsyncIterator[Page]:
    """Logged in; any complaint of the browser fails the test."""
    async with await browser.new_context(**({"viewport": DESKTOP} | how)) as context:  # type: ignore[arg-type] - playwright's own options
        page = await context.new_page()
        complaints = watch(page, town.base)
        await page.add_init_script("localStorage.language ??= 'en'")
        await page.goto(f"{town.base}/login")
        await page.fill("#name", "operator")
        await page.fill("#password", town.password)
        await page.click("button[type=submit]")
        await page.wait_for_selector(".headline h1")
        yield page
        assert complaints == []


async def test_an_operators_day(tmp_path: Path) -> None:
    async with demo(tmp_path / "demo") as town, chromium() as browser:
        await speak(town)
        async with operator(browser, town) as page:
            await admit_a_stranger(page)
            await draw_a_zone(page, town)
            reported = await see_waste_reported(page)
        async with operator(browser, town, viewport=PHONE, has_touch=True) as page:
            await acknowledge_on_a_phone(page, town, reported)
            await call_one_a_false_alarm(page, town)
        async with operator(browser, town, accept_downloads=True) as page:
            await take_the_proof(page, town, reported, tmp_path)
            await try_other_limits(page, town)
            await put_a_rule_on_trial(page, town)
            await keep_it_and_think_again(page, town)
            await undo_a_change(page, town)
            await look_at_everything(page, town)


async def meet_a_stranger(page: Page) -> Locator:
    """A device that nobody has entered is seen with what it says."""
    await page.get_by_role("link", name="Devices", exact=True).click()
    await page.get_by_role("button", name=re.compile("^Not registered")).click()
    entry = page.locator("li.part").filter(has_text=STRANGER)
    await expect(entry).to_contain_text("21.5 °C", timeout=20_000)
    return entry


async def admit_a_stranger(page: Page) -> None:
    """It is entered with a name, and what it had said before is there."""
    entry = await meet_a_stranger(page)
    await entry.get_by_role("button", name="Admit").click()
    await page.get_by_label("Name", exact=True).fill("楼道 Stairwell")
    await page.get_by_label(re.compile("^Id ")).fill("stairwell")
    await page.get_by_role("button", name="Admit it").click()
    await expect(page.get_by_text("Admitted as stairwell.")).to_be_visible()
    await page.get_by_role("button", name=re.compile("^All")).click()
    await page.get_by_role("link").filter(has_text="楼道 Stairwell").click()
    await expect(page.locator(".value").filter(has_text="21.5 °C")).to_be_visible(timeout=20_000)


async def draw_a_zone(page: Page, town: Town) -> None:
    """Drawn, kept, in the file beside what stood there, and what the camera works with."""
    file = town.root / "cameras.yaml"
    file.write_text("# The estate's cameras\n" + file.read_text("utf-8"), "utf-8")
    await page.goto(f"{town.base}/cameras/cam-exit")
    await page.get_by_role("button", name="Add a zone").click()
    await page.get_by_role("button", name="Begin with a rectangle in the middle").click()
    await page.get_by_label("Name of the zone").fill("楼梯 Stairs")
    await page.get_by_label("Why?").fill("Bicycles stand there")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Saved. The camera works with it now.")).to_be_visible()
    text = file.read_text("utf-8")
    assert text.startswith("# The estate's cameras\n")
    camera = next(c for c in yaml.safe_load(text)["cameras"] if c["id"] == "cam-exit")
    assert [zone["name"] for zone in camera["zones"]] == ["安全出口 Exit", "楼梯 Stairs"]
    await expect(page.locator("li.part").filter(has_text="楼梯 Stairs")).to_be_visible()


async def see_waste_reported(page: Page) -> str:
    """The scene's bag lies there until the rule says so; nobody reloads the page."""
    await page.get_by_role("link", name="Now", exact=True).click()
    card = page.locator("a.incident", has=page.locator("img.thumb")).filter(has_text="waste")
    await expect(card.first).to_be_visible(timeout=PATIENCE * 1000)
    await expect(page.locator(".pin").first).to_be_visible()
    await card.first.click()
    await expect(page.locator(".compared img, .evidence img").first).to_be_visible()
    await expect(page.locator(".timeline li.sent").first).to_be_visible(timeout=30_000)
    return page.url.rpartition("/")[2]


async def acknowledge_on_a_phone(page: Page, town: Town, incident: str) -> None:
    await page.goto(f"{town.base}/incidents/{incident}")
    await page.get_by_role("button", name="Acknowledge").tap()
    await expect(page.locator(".headline .chip")).to_have_text("Seen")
    await page.get_by_role("button", name="Add a note").tap()
    await page.get_by_label("Note", exact=True).fill("The cleaners are on their way.")
    await page.get_by_role("button", name="Save").tap()
    await expect(page.locator(".quote").first).to_have_text("The cleaners are on their way.")
    await page.locator("#photo").set_input_files(
        files=[{"name": "p.png", "mimeType": "image/png", "buffer": await page.screenshot()}]
    )
    await expect(page.get_by_text("Photo added")).to_be_visible(timeout=30_000)


async def call_one_a_false_alarm(page: Page, town: Town) -> None:
    await page.goto(f"{town.base}/incidents")
    others = page.locator("a.incident").filter(has_text=re.compile("silent|leak|noise|loud|open"))
    await expect(others.first).to_be_visible(timeout=PATIENCE * 1000)
    await others.first.get_by_role("heading").tap()
    await page.get_by_role("button", name="False alarm").tap()
    await page.get_by_role("button", name="A test", exact=True).tap()
    await page.get_by_role("button", name="Save").tap()
    await expect(page.locator(".headline .chip")).to_have_text("False alarm")


async def take_the_proof(page: Page, town: Town, incident: str, folder: Path) -> None:
    await page.goto(f"{town.base}/incidents/{incident}")
    async with page.expect_download() as taken:
        await page.get_by_role("link", name="Evidence bundle").click()
    path = folder / "proof.zip"
    await (await taken.value).save_as(path)
    with ZipFile(path) as proof:
        names = proof.namelist()
        assert {"incident.json", "reasons.txt", "SHA256SUMS"} < set(names)
        assert any(name.endswith("-photo.jpg") for name in names)
        kept = json.loads(proof.read("incident.json"))
    told = [version["status"] for version in kept["versions"]]
    assert (told[0], told[-1]) == ("open", "acknowledged")
    assert sum(version["by"] == "operator" for version in kept["versions"]) == 3
    assert {d["sink"] for d in kept["deliveries"]} == {"city"}


async def try_other_limits(page: Page, town: Town) -> None:
    await page.goto(f"{town.base}/rules/noise")
    await page.get_by_role("spinbutton", name="Above").fill("200")
    await expect(page.locator(".counts tfoot tr").first.locator("td").nth(1)).to_have_text(
        "0", timeout=30_000
    )


async def put_a_rule_on_trial(page: Page, town: Town) -> None:
    """Another limit, judged beside the rule as it is."""
    await page.get_by_label("Why?").fill("A quieter estate")
    await page.get_by_role("button", name="Run in shadow first").click()
    await expect(page.get_by_text("Saved. It runs in shadow now.")).to_be_visible()
    assert limit(town, "shadow.yaml") == 200
    assert limit(town, "rules/demo.yaml") == 75


async def keep_it_and_think_again(page: Page, town: Town) -> None:
    await page.get_by_role("button", name="In shadow").click()
    await page.get_by_role("button", name="Put the shadow in force").click()
    await expect(page.get_by_text("The shadow is in force now.")).to_be_visible()
    await expect(page.locator(".headline")).to_contain_text("above 200")
    assert limit(town, "rules/demo.yaml") == 200
    await page.get_by_role("button", name="Versions").click()
    await page.get_by_role("button", name="Back to the version before").click()
    await expect(page.locator(".headline")).to_contain_text("above 75")
    assert limit(town, "rules/demo.yaml") == 75


async def undo_a_change(page: Page, town: Town) -> None:
    """The newest one, which brought the rule back: with what differed, and the way back."""
    await page.goto(f"{town.base}/system?part=changes")
    newest = page.locator("li.part", has=page.locator(".chip.good"))
    await newest.get_by_role("button", name="What changed?").click()
    await expect(newest.locator("ins")).to_contain_text("above: 75")
    await newest.get_by_role("button", name="Undo this change").click()
    await newest.get_by_label("Why?").fill("It was better")
    await newest.get_by_role("button", name="Undo this change").click()
    await expect(newest).to_contain_text("It was better")
    assert limit(town, "rules/demo.yaml") == 200


def limit(town: Town, file: str) -> float:
    """Of the rule on noise, as it is written."""
    rules = yaml.safe_load((town.root / file).read_text("utf-8"))["rules"]
    return float(next(rule["above"] for rule in rules if rule["id"] == "noise"))


async def look_at_everything(page: Page, town: Town) -> None:
    """Every page in Chinese: nothing left in English, and axe finds nothing."""
    await page.get_by_role("button", name="中文").click()
    for path in ("/", "/incidents", "/devices", "/cameras", "/rules", "/numbers", "/system"):
        await page.goto(town.base + path)
        await page.wait_for_selector(".headline h1")
        await expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
        assert await axe.violations(page) == [], path
    await page.goto(f"{town.base}/system?part=users")
    await expect(page.get_by_role("heading", name="当前登录")).to_be_visible()
