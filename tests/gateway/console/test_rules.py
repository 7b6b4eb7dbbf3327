"""A rule's page in a real browser: over a range of values, as a form, and its tests."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Route, expect

from gateway.api import changes
from gateway.api.desk import Desk
from tests.gateway.api.client import Client
from tests.gateway.api.desk_fixture import keep_past, make_desk
from tests.gateway.console.accessibility import faults
from tests.gateway.console.browser import PHONE, needs_chromium, opened

pytestmark = needs_chromium
FILE = """
rules:
  - {id: too-warm, kind: threshold, incident: heat, select: {quantity: temperature}, above: 66}
tests:
  - name: warm is told
    readings: {d.temperature: {0s: 70}}
    expect: [{rule: too-warm, key: d, opens: 0s}]
  - name: nothing is told
    readings: {d.temperature: {0s: 70}}
"""


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(changes, "EVERY", 0.2)
    return await keep_past(make_desk(tmp_path, devices=42))


async def test_a_value_is_tried_over_a_range(browser: Browser, client: Client) -> None:
    async with opened(browser, client, "omar") as tab:
        page = tab.page
        await tab.go("/rules/too-warm")
        await page.get_by_role("button", name="Week").click()
        await page.get_by_role("button", name="Sweep").click()
        assert await faults(page) == []
        await page.get_by_role("button", name="Start").click()
        await expect(page.get_by_role("progressbar")).to_have_count(0, timeout=40_000)
        rows = page.locator("tbody tr")
        await expect(rows).to_have_count(9)
        told = [int(await row.locator("td").first.inner_text()) for row in await rows.all()]
        assert told[0] > told[-1] == 0, "a higher limit tells less"
        assert told[4] == 3, "as it is now"
        await rows.nth(3).get_by_role("button", name="Try this value").click()
        await expect(page.get_by_role("spinbutton", name="Above")).to_have_value("57.8")
        await expect(page.get_by_role("spinbutton", name="Over once below")).to_have_value("57.8")


async def test_tests_are_run_from_the_page(browser: Browser, client: Client, desk: Desk) -> None:
    (desk.root / "rules").mkdir()
    (desk.root / "rules" / "climate.yaml").write_text(FILE)
    async with opened(browser, client, "omar", language="zh") as tab:
        await tab.go("/rules/too-warm")
        await tab.page.get_by_role("button", name="测试").click()
        await tab.page.get_by_role("button", name="运行测试").click()
        rows = tab.page.locator(".main-column li")
        await expect(rows).to_have_count(2, timeout=30_000)
        await expect(rows.nth(0).locator(".chip")).to_have_text("通过")
        await expect(rows.nth(1).locator(".chip")).to_have_text("未通过")
        await expect(rows.nth(1).locator("pre")).to_contain_text("too-warm")


async def test_every_field_stands_in_the_form_and_fits_a_phone(
    browser: Browser, client: Client
) -> None:
    async with opened(browser, client, "omar", viewport=PHONE, language="zh") as tab:
        page = tab.page
        await tab.go("/rules/too-warm")
        await page.get_by_role("button", name="全部设置").click()
        await expect(page.get_by_label("高于", exact=False).first).to_have_value("66")
        await expect(page.get_by_label("持续时间")).to_have_value("10m")
        await expect(page.get_by_label("测量项目")).to_have_value("temperature")
        await expect(page.get_by_label("标签")).to_have_value("air")
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(wide) == 0
        assert await faults(page) == []
        await page.get_by_label("持续时间").fill("20m")
        await expect(page.get_by_text("不能在控制台保存规则")).to_be_visible()


YAML = "id: too-warm\nkind: threshold\nabove: 66  # since May\n"
KEPT = {
    "yaml": {"yaml": YAML},
    "versions": [
        {"id": 2, "at": 1_789_990_000_000, "who": "omar", "why": "a hot summer", "yaml": YAML},
        {"id": 1, "at": 1_780_000_000_000, "who": "ada", "why": "", "yaml": YAML[:-12] + "60\n"},
    ],
    "shadow": {
        "since": 1_789_990_000_000,
        "live": [{"key": "air-01", "opened": 1_789_995_000_000, "why": "67 °C"}],
        "shadow": [],
    },
}


async def test_what_can_be_saved_is_edited_as_text_and_shown_beside_what_was(
    browser: Browser, client: Client
) -> None:
    """The routes that save are another part's; here they answer as that part promised."""
    async with opened(browser, client, "omar") as tab:
        page, asked = tab.page, []
        told = await client.ask("GET", "/api/v1/rule-forms/too-warm", "omar")

        async def form(route: Route) -> None:
            await route.fulfill(json={**told.json(), "saves": True})

        async def saved(route: Route) -> None:
            name = route.request.url.rsplit("/", 1)[1]
            if route.request.method == "GET":
                await route.fulfill(json=KEPT[name])
            else:
                asked.append((route.request.method, name, route.request.post_data_json))
                wrong = [{"line": 3, "text": "above: a number is wanted"}]
                bad = name == "check" and "none" in route.request.post_data_json["yaml"]
                await route.fulfill(json={"problems": wrong if bad else []})

        await page.route("**/rule-forms/*", form)
        for path in ("yaml", "versions", "shadow", "check", "promote"):
            await page.route(f"**/api/v1/rules/**/{path}", saved)
        await page.route("**/api/v1/rules/check", saved)
        await tab.go("/rules/too-warm")
        await page.get_by_role("button", name="As text").click()
        text = page.get_by_role("textbox", name="The rule as text (YAML)")
        await expect(text).to_have_value(YAML)
        await text.press("Control+End")
        await text.press_sequentially("seve")
        await expect(page.get_by_role("option")).to_have_text(["severity: "])
        await text.press("Enter")
        await text.press_sequentially("ma")
        await page.get_by_role("option", name="major").click()
        await expect(text).to_have_value(f"{YAML}severity: major")
        await text.fill(YAML.replace("66", "none"))
        await expect(page.get_by_text("above: a number is wanted")).to_be_visible()
        await expect(page.locator(".gutter .wrong")).to_have_text("3")
        assert await faults(page) == []
        await page.get_by_role("button", name="In shadow").click()
        await expect(page.get_by_role("heading", name="In force told 1")).to_be_visible()
        await page.get_by_label("Why?").fill("it was right")
        await page.get_by_role("button", name="Put the shadow in force").click()
        await page.get_by_role("button", name="Versions").click()
        await expect(page.locator("ins, del").first).to_be_visible()
        assert await faults(page) == []
    assert ("POST", "promote", {"why": "it was right"}) in asked
