"""docs/devices.md says what the code does."""

import re
from pathlib import Path

import msgspec
import yaml

from devices.registry import DeviceSpec
from gateway.commands import vocabulary
from gateway.model import Duration

PAGE = (Path(__file__).parents[2] / "docs/devices.md").read_text()


def test_the_tables_are_those_of_the_code() -> None:
    printed = "\n".join(vocabulary.markdown())
    assert printed in PAGE, "run: linli vocabulary, and paste it below the mark"


def test_the_example_is_a_site() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    entries = yaml.safe_load(example)["devices"]
    specs = msgspec.convert(
        entries,
        tuple[DeviceSpec, ...],
        dec_hook=lambda kind, raw: Duration.parse(raw) if kind is Duration else raw,
    )
    assert [spec.id for spec in specs] == ["bin-gate-3", "well", "freezer"]


def test_every_word_of_refusal_is_explained() -> None:
    words = {"not_a_number", "sentinel", "came_twice", "said_twice", "wrong_unit", "no_position"}
    for word in words | {"personal_data", "wrong_sender", "too_many", "too_long", "codec_failed"}:
        assert f"`{word}`" in PAGE
