"""docs/devices.md says what the code does."""

import re
from pathlib import Path

import msgspec
import yaml

from devices.registry import Admission, DeviceSpec, Pattern
from gateway.commands import vocabulary
from gateway.model import Duration

PAGE = (Path(__file__).parents[2] / "docs/devices.md").read_text()


def test_the_tables_are_those_of_the_code() -> None:
    printed = "\n".join(vocabulary.markdown())
    assert printed in PAGE, "run: linli vocabulary, and paste it below the mark"


def test_the_example_is_a_site() -> None:
    devices, patterns = map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", PAGE, re.S))
    specs = msgspec.convert(
        devices["devices"],
        tuple[DeviceSpec, ...],
        dec_hook=lambda kind, raw: Duration.parse(raw) if kind is Duration else raw,
    )
    assert [spec.id for spec in specs] == ["bin-gate-3", "well", "freezer"]
    (admit,) = msgspec.convert(patterns["admit"], tuple[Admission, ...])
    (ignore,) = msgspec.convert(patterns["ignore"], tuple[Pattern, ...])
    assert admit.fits("zigbee2mqtt", "leak-7", "zigbee2mqtt/leak-7")
    assert ignore.fits("theengs_ble", "AABBCCDDEEFF", "home/x")


def test_every_word_of_refusal_is_explained() -> None:
    words = {"not_a_number", "sentinel", "came_twice", "said_twice", "wrong_unit", "no_position"}
    for word in words | {"personal_data", "wrong_sender", "too_many", "too_long", "codec_failed"}:
        assert f"`{word}`" in PAGE
