"""Every entry that docs/platforms.md shows is a good one, as it stands there."""

import re
from pathlib import Path

import pytest

from config.load import load
from gateway.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "platforms.md").read_text()
ENTRIES = re.findall(r"^```yaml\n(sinks:\n.+?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: re.findall(r"kind: (\w+)", entry)[0])
def test_a_documented_entry_is_read(entry: str, tmp_path: Path) -> None:
    site = tmp_path / "site"
    main(["init", str(site)])
    config, secrets = site / "gateway.yaml", site / "secrets.yaml"
    config.write_text(config.read_text().partition("\nsinks:")[0] + f"\n{entry}")
    for name in re.findall(r"!secret (\w+)", entry):
        with secrets.open("a") as file:
            file.write(f"{name}: whsec_{'c2VjcmV0' * 4}\n")
    config = load(site)
    assert len(config.sinks) + len(config.reading_sinks) == 1


def test_the_page_shows_some() -> None:
    kinds = {kind for entry in ENTRIES for kind in re.findall(r"kind: (\w+)", entry)}
    assert {"cloud_events", "template", "mqtt_bridge", "open311", "cap", "ngsi_ld"} <= kinds
