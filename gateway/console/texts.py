"""What the console says, in each of its languages.

# texts/now.yaml
now.quiet: {en: "All is quiet.", zh: "一切平静。"}
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from devices.quantity import TABLE

FOLDER = Path(__file__).parent / "texts"
LANGUAGES = ("en", "zh")
SWITCHES = ("switch", "relay", "input")


def entries(folder: Path = FOLDER) -> dict[str, dict[str, str]]:
    """Key -> language -> text. Raises `ValueError` for a key that stands twice."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.yaml")):
        for key, texts in yaml.safe_load(path.read_text("utf-8")).items():
            if key in found:
                raise ValueError(f"{path.name}: {key} stands twice")
            found[key] = texts
    return found


def dictionary(language: str, known: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """What the browser gets: the texts of one language, and the texts for 1 and 0 of quantities
    that are a flag or a switch."""
    flags = {q.name: ("word.yes", "word.no") for q in TABLE if q.kind == "flag"}
    return {
        "texts": {key: texts[language] for key, texts in known.items()},
        "flags": flags | dict.fromkeys(SWITCHES, ("word.on", "word.off")),
    }
