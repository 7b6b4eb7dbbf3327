"""The axe-core engine on a living page (Deque's rules for WCAG 2.2 A and AA)."""

from importlib.resources import files

from playwright.async_api import Page

ENGINE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def violations(page: Page) -> list[str]:
    """What is wrong, one line each: rule, how grave, where."""
    await page.evaluate(ENGINE)
    found = await page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
    return [
        f"{rule['id']} ({rule['impact']}): {node['target'][0]}: {node['failureSummary'][:160]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
