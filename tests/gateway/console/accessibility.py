"""What an automated accessibility check can see: names, labels, headings, contrast (WCAG 2.2 AA).

Rules 1.1.1, 1.3.1, 1.4.3, 2.4.2, 2.4.6, 3.1.1, 4.1.2, looked at in the living page."""

from pathlib import Path

from playwright.async_api import Page

SCRIPT = Path(__file__).with_suffix(".js").read_text("utf-8")


async def faults(page: Page) -> list[str]:
    """What is wrong with the page, one line each."""
    found: list[str] = await page.evaluate(SCRIPT)
    return found
