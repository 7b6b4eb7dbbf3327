"""What the documents say exists, exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [to for to in LINK.findall(page.read_text("utf-8")) if "://" not in to]
    assert [to for to in links if not (page.parent / to).exists()] == []


def test_every_figure_command_names_a_benchmark() -> None:
    for page in PAGES:
        for name in re.findall(r"-m benchmarks(?:\.| )([a-z_]+)", page.read_text("utf-8")):
            assert (ROOT / "benchmarks" / f"{name}.py").exists(), f"{page}: {name}"
