"""What the documents say exists, exists."""

import re
from pathlib import Path

import pytest

import devices.codecs
import gateway.commands
from devices.codec import Codec
from devices.quantity import TABLE
from gateway.plugins import constants, modules

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


def test_every_decision_has_a_number_of_its_own_and_stands_in_the_index() -> None:
    files = sorted(path.name for path in (ROOT / "docs/adr").glob("[0-9]*.md"))
    index = re.findall(r"^(\d+)\. \[.*\]\((.*)\)$", (ROOT / "docs/adr/README.md").read_text(), re.M)
    assert [int(name[:4]) for name in files] == [*range(1, len(files) + 1)]
    assert index == [(str(n), name) for n, name in enumerate(files, 1)]


def test_the_readme_names_every_command_and_counts_right() -> None:
    page = (ROOT / "README.md").read_text("utf-8")
    table = "".join(line for line in page.splitlines() if line.startswith("| `linli"))
    for command in modules(gateway.commands):
        name = command.__name__.rpartition(".")[2]
        assert re.search(rf"`(linli )?{name}\b", table), name
    assert f"the {len(constants(devices.codecs, 'CODEC', Codec))} dialects" in page
    assert f"the {len(TABLE)} quantities" in page
