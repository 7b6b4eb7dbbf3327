"""Every text is there, in every language, and none is there for nothing."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from msgspec.structs import fields

import rules.kinds
from devices.quantity import TABLE
from gateway.api import facts
from gateway.console import files, texts
from gateway.model import Duration, Severity, Status
from gateway.plugins import subclasses
from rules.rule import Rule
from rules.values import Span


def _flat(kind: Any) -> Iterator[Any]:
    yield kind
    for part in () if get_origin(kind) is tuple else get_args(kind):
        yield from _flat(part)


KNOWN = texts.entries()
SCRIPTS = {path.name: path.read_text("utf-8") for path in files.FOLDER.rglob("*.js")}
LITERAL = re.compile(r'\b(?:t|known)\(\s*"([a-z][\w.-]+)"')
EITHER = re.compile(r"\? \"([a-z]+\.\w+)\" : \"([a-z]+\.\w+)\"")
PREFIX = re.compile(r"`([a-z][\w.]*)\.\$\{")
PARAMETERS = {
    field.encode_name
    for kind in subclasses(rules.kinds, Rule)
    for field in fields(kind)
    if {int, float, Duration, Span}.intersection(_flat(field.type))
}
PAIRED = re.compile(r'\["([a-z]+\.[a-z]+)", ')
"""`["device.id", device.id]`: a key that a loop translates."""
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SAME_EVERYWHERE = {"place.h3", "system.api", "grid.plus-code", "reason.said"}


def used() -> set[str]:
    flags = texts.dictionary("en", KNOWN)["flags"].values()
    return {key for pair in flags for key in pair} | {
        key
        for text in SCRIPTS.values()
        for key in (
            *LITERAL.findall(text),
            *(key for pair in EITHER.findall(text) for key in pair),
            *PAIRED.findall(text),
        )
    }


def prefixes() -> set[str]:
    return {prefix + "." for text in SCRIPTS.values() for prefix in PREFIX.findall(text)}


def stem(key: str) -> str:
    return key.removesuffix(".one")


@pytest.mark.parametrize("key", sorted(KNOWN))
def test_is_there_in_every_language(key: str) -> None:
    found = KNOWN[key]
    assert set(found) == set(texts.LANGUAGES)
    assert all(isinstance(text, str) and text.strip() == text != "" for text in found.values())
    holes = {frozenset(re.findall(r"\{(\w+)\}", text)) for text in found.values()}
    assert len(holes) == 1, "the same {names} in every language"


def test_chinese_is_chinese() -> None:
    latin = {key for key, found in KNOWN.items() if not CHINESE.search(found["zh"])}
    assert {key for key in latin if not key.startswith("quantity.pm")} <= SAME_EVERYWHERE


def test_english_is_english() -> None:
    assert not [key for key, found in KNOWN.items() if CHINESE.search(found["en"])]


def test_whatever_a_page_says_has_a_text() -> None:
    assert used()
    assert used() - set(KNOWN) == set()


def test_no_text_is_left_over() -> None:
    words = used()
    left = {
        key
        for key in KNOWN
        if stem(key) not in words and not any(key.startswith(p) for p in prefixes())
    }
    assert left == set()


def test_words_that_pages_put_together_have_texts() -> None:
    health = ("covered", "defocused", "moved", "frozen", "dark", "overexposed", "no_signal")
    wanted = [
        *(f"severity.{name}" for name in get_args(Severity)),
        *(f"status.{name}" for name in get_args(Status)),
        *(f"state.{name}" for name in ("ok", "starting", "retrying", "failed", "stopped")),
        *(f"camera.state.{name}" for name in ("ok", "late", "none", *health)),
        *(f"camera.advice.{name}" for name in ("late", "none", *health)),
        *(f"devices.{name}" for name in get_args(facts.Device.__annotations__["state"])),
        *(f"advice.part.{name}" for name in ("starting", "retrying", "failed", "stopped")),
        *(f"role.{name}" for name in ("viewer", "operator", "admin", "before", "during", "now")),
        *(f"quantity.{quantity.name}" for quantity in TABLE),
        *(f"parameter.{name}" for name in PARAMETERS),
    ]
    assert [key for key in wanted if key not in KNOWN] == []


def test_a_key_that_stands_twice_is_told(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text('x: {en: "a", zh: "b"}\n')
    with pytest.raises(ValueError, match=r"b\.yaml: x stands twice"):
        texts.entries(tmp_path)
