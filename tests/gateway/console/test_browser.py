"""The console as people use it, in a real browser, on the real server."""

from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace
from playwright.async_api import Browser, expect

from gateway.api import changes
from gateway.api.desk import Desk
from gateway.model import Reason, Subject
from tests.gateway.api.client import Client
from tests.gateway.api.desk_fixture import FakeStore, keep_past, make_desk
from tests.gateway.console import axe
from tests.gateway.console.accessibility import faults
from tests.gateway.console.browser import DESKTOP, PHONE, needs_chromium, opened

pytestmark = needs_chromium

PAGES = (
    "/",
    "/incidents",
    "/incidents/inc-0000",
    "/devices",
    "/devices/bin-01",
    "/cameras",
    "/rules",
    "/rules/too-warm",
    "/system",
    "/numbers",
    "/system?part=users",
    "/system?part=sinks",
    "/system?part=log",
)


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(changes, "EVERY", 0.1)
    return await keep_past(make_desk(tmp_path, devices=42))


def store(desk: Desk) -> FakeStore:
    assert isinstance(desk.store, FakeStore)
    return desk.store


async def test_an_operator_on_a_phone_acknowledges_what_was_dumped(
    browser: Browser, client: Client, desk: Desk
) -> None:
    async with opened(browser, client, "omar", viewport=PHONE, has_touch=True) as tab:
        page = tab.page
        await expect(page.locator("h1")).to_have_text("3 things need you.")
        await page.get_by_role("heading", name="Waste dumped").click()
        await expect(page).to_have_url(f"{client.base}/incidents/inc-0000")
        await expect(page.locator(".compared img")).to_have_count(2)
        await page.get_by_role("button", name="Acknowledge").click()
        await expect(page.locator(".headline .chip")).to_have_text("Seen")
        await expect(page.locator(".timeline li.ours")).to_have_count(2)
        await page.get_by_role("link", name="Now", exact=True).click()
        await expect(page.locator("h1")).to_have_text("2 things need you.")
    assert store(desk).versions["inc-0000"][-1].handled_by == "omar"


async def test_axe_finds_what_is_wrong(browser: Browser, client: Client) -> None:
    """The check itself, held against a page that has a mistake."""
    async with opened(browser, client, "vera") as tab:
        await tab.page.evaluate("document.body.append(document.createElement('input'))")
        assert any(line.startswith("label") for line in await axe.violations(tab.page))


async def test_a_false_alarm_needs_a_reason(browser: Browser, client: Client, desk: Desk) -> None:
    async with opened(browser, client, "omar") as tab:
        await tab.go("/incidents/inc-0002")
        await tab.page.get_by_role("button", name="False alarm").click()
        await tab.page.get_by_role("button", name="Save").click()
        assert store(desk).versions["inc-0002"][-1].status == "open", "the note is required"
        await tab.page.get_by_label("Why is it a false alarm?").fill("The lid was open.")
        await tab.page.get_by_role("button", name="Save").click()
        await expect(tab.page.locator(".headline .chip")).to_have_text("False alarm")
        await expect(tab.page.locator(".quote")).to_have_text("The lid was open.")
    assert store(desk).versions["inc-0002"][-1].note == "The lid was open."


async def test_what_happens_is_seen_without_a_reload(
    browser: Browser, client: Client, desk: Desk
) -> None:
    async with opened(browser, client, "vera") as tab:
        known = store(desk).versions["inc-0002"][-1]
        fresh = replace(known, id="inc-new", title="Bin 37 overflows", severity="critical")
        store(desk).versions["inc-new"] = [fresh]
        await expect(tab.page.get_by_role("heading", name="Bin 37 overflows")).to_be_visible()
        await expect(tab.page.get_by_role("status")).to_contain_text("Bin 37 overflows")
        await expect(tab.page.locator(".pin.critical")).to_have_count(2)
        await expect(tab.page.locator("h1")).to_have_text("4 things need you.")
        await expect(tab.page.get_by_role("button", name="Acknowledge")).to_have_count(0)


async def test_pages_fit_a_phone_in_both_languages(browser: Browser, client: Client) -> None:
    for language in ("en", "zh"):
        async with opened(browser, client, "ada", language=language, viewport=PHONE) as tab:
            for path in PAGES:
                await tab.go(path)
                wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                assert await tab.page.evaluate(wide) == 0, (language, path)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_can_be_read_and_operated_by_everybody(
    browser: Browser, client: Client, scheme: str
) -> None:
    async with opened(browser, client, "ada", color_scheme=scheme) as tab:
        for path in PAGES:
            await tab.go(path)
            assert await faults(tab.page) == [], path
            assert await axe.violations(tab.page) == [], path


async def test_language_and_theme_are_kept(browser: Browser, client: Client) -> None:
    async with opened(browser, client, "vera") as tab:
        await tab.page.get_by_role("button", name="中文").click()
        await expect(tab.page.locator("h1")).to_have_text("3 件事需要您处理。")
        await tab.page.get_by_role("button", name="深色").click()
        await tab.page.reload()
        await expect(tab.page.locator("h1")).to_have_text("3 件事需要您处理。")
        await expect(tab.page.locator("html")).to_have_attribute("data-theme", "dark")
        await expect(tab.page.locator("html")).to_have_attribute("lang", "zh-Hans")


async def test_hostile_names_are_only_text(browser: Browser, client: Client, desk: Desk) -> None:
    evil = "<img src=x onerror=alert(1)>'\"`${alert(2)}</script><script>alert(3)</script>"
    known = store(desk).versions["inc-0002"][-1]
    bad = replace(known, id="inc-evil", title=evil, reasons=(Reason(evil, evil, 1.0, 2.0, evil),))
    store(desk).versions["inc-evil"] = [bad]
    desk.subjects["bin-01"] = Subject("bin-01", evil)  # type: ignore[index] - the fake's dict
    desk.health.report("evil", "failed", evil)
    async with opened(browser, client, "omar") as tab:
        await expect(tab.page.get_by_role("heading", name=evil)).to_be_visible()
        for path in ("/incidents/inc-evil", "/devices/bin-01", "/system"):
            await tab.go(path)
            await expect(tab.page.get_by_text(evil).first).to_be_visible()


async def test_a_wrong_password_is_told_at_the_form(browser: Browser, client: Client) -> None:
    async with opened(browser, client, viewport=PHONE) as tab:
        await tab.page.fill("#name", "omar")
        await tab.page.fill("#password", "wrong")
        await tab.page.click("button[type=submit]")
        await expect(tab.page.get_by_role("alert")).to_have_text("Name or password is wrong.")
        assert "401" in tab.complaints.pop(), "the browser's own line about the answer"


async def test_a_chart_shows_the_span_that_is_asked_for(browser: Browser, client: Client) -> None:
    async with opened(browser, client, "vera", viewport=DESKTOP) as tab:
        await tab.go("/devices/air-01")
        await expect(tab.page.locator("path.line")).to_have_count(1)
        await tab.page.get_by_role("button", name="Humidity").click()
        async with tab.page.expect_request("**/series?*") as asked:
            await tab.page.get_by_role("button", name="Year").click()
        request = await asked.value
        assert "quantity=humidity" in request.url
        await expect(tab.page.locator("path.line")).to_have_count(1)


async def test_a_lost_connection_is_said_and_heals(
    browser: Browser, client: Client, desk: Desk
) -> None:
    async with opened(browser, client, "vera") as tab:
        await tab.page.context.set_offline(True)
        client.app.state.changes.close()
        await expect(tab.page.get_by_role("alert")).to_contain_text("Connection lost")
        client.app.state.changes = changes.Changes(desk)
        await tab.page.context.set_offline(False)
        await expect(tab.page.get_by_role("alert")).to_have_count(0, timeout=15_000)
        tab.complaints.clear()  # the browser's own lines about the connection


async def test_an_ended_login_leads_back_to_the_way_in(browser: Browser, client: Client) -> None:
    async with opened(browser, client, "vera") as tab:
        sessions = client.app.state.accounts.sessions
        sessions.end_all("vera")
        await expect(tab.page.locator("#password")).to_be_visible(timeout=15_000)
        tab.complaints.clear()  # the browser's own line about the 401


async def test_an_operator_tries_a_limit_on_the_past(browser: Browser, client: Client) -> None:
    async with opened(browser, client, "omar") as tab:
        page = tab.page
        await page.get_by_role("link", name="Rules", exact=True).click()
        await page.get_by_text("temperature above 66 °C").click()
        sums = page.locator(".counts tfoot tr").first.locator("td")
        await page.get_by_role("button", name="Week").click()
        await expect(sums).to_have_text(["3", "3"])
        await page.get_by_role("spinbutton", name="Above").fill("71")
        await expect(sums).to_have_text(["3", "2"])
        await expect(page.locator(".span-old")).to_have_count(3)
        await expect(page.locator(".span-new")).to_have_count(2)
        await page.get_by_role("spinbutton", name="Must hold for").fill("90")
        lines = page.get_by_role("group", name="Lines for the rules file")
        await expect(lines).to_contain_text("1h30m")
        (entry,) = yaml.safe_load(await lines.inner_text())
        assert entry == {"id": "too-warm", "above": 71, "for": "1h30m"}
        await page.get_by_label("Judged device").select_option(label="All devices")
        await expect(sums.first).to_have_text("6")
        await page.get_by_role("button", name="Back to the values in force").click()
        await expect(sums).to_have_text(["6", "6"])
        await expect(lines).to_have_count(0)


async def test_a_limit_takes_the_one_along_that_belongs_to_it(
    browser: Browser, client: Client
) -> None:
    async with opened(browser, client, "omar", viewport=PHONE, language="zh") as tab:
        await tab.go("/rules/too-warm")
        await expect(tab.page.locator(".headline p")).to_contain_text("温度高于 66 °C")
        await tab.page.get_by_role("slider", name="高于").fill("50")
        await expect(tab.page.locator("#p-clear_below")).to_have_value("50")
        await expect(tab.page.get_by_role("alert")).to_have_count(0)


async def test_an_address_that_does_not_exist_is_told_in_words(
    browser: Browser, client: Client
) -> None:
    async with opened(browser, client, "vera", viewport=PHONE) as tab:
        await tab.go("/nowhere")
        await expect(tab.page.locator("h1")).to_have_text("There is no such page")
        assert await axe.violations(tab.page) == []
        await tab.page.get_by_role("link", name="Back to the overview").click()
        await expect(tab.page.locator("h1")).to_have_text("3 things need you.")
        assert "404" in tab.complaints.pop(), "the browser's own line about the answer"


async def test_who_only_looks_is_not_offered_a_trial(browser: Browser, client: Client) -> None:
    async with opened(browser, client, "vera") as tab:
        await tab.go("/rules/too-warm")
        await expect(tab.page.get_by_text("Operators can try other values here.")).to_be_visible()
        await expect(tab.page.get_by_role("slider")).to_have_count(0)
