import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.located import WRONG, parse


def problems(text: str) -> list[str]:
    return [str(problem) for problem in parse(text, "a.yaml").problems]


def test_every_key_and_item_knows_its_line() -> None:
    document = parse("a: 1\nlist:\n  - x: 2\n  - x: 3\n", "a.yaml")
    assert document.value == {"a": 1, "list": [{"x": 2}, {"x": 3}]}
    assert document.line(("list", 1, "x")) == 4
    assert document.line(("list", 1, "missing")) == 4


@pytest.mark.parametrize("text", ["22:00", "no", "off", "1_000", "2026-11-21", "0o17"])
def test_text_stays_text(text: str) -> None:
    """YAML 1.1 would make 1320, False, 1000 and a date of them."""
    assert parse(f"a: {text}", "a.yaml").value == {"a": text}


@pytest.mark.parametrize(("text", "value"), [("12", 12), ("-1.5e3", -1500.0), ("true", True)])
def test_plain_scalars(text: str, value: object) -> None:
    assert parse(f"a: {text}", "a.yaml").value == {"a": value}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("a: [1", "a.yaml:1: YAML cannot be read here"),
        ("a: 1\na: 2", "a.yaml:2: 'a' stands twice; the first is in line 1"),
        ("a:\n\tb: 1", "a.yaml:2: YAML cannot be read here"),
        ("a: .nan", "a.yaml:1: .nan is not a number that can be used"),
        ("a: !secret x", "a.yaml:1: a secret cannot be used in this file"),
        ("a: !!python/object:os.system x", "a.yaml:1: the tag"),
        ("? [1, 2]\n: x", "a.yaml:1: a key must be a plain word"),
        ("a: &a [*a]", "a.yaml:1: this is nested too deeply"),
        ("[" * 5000, "a.yaml:1:"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, want: str) -> None:
    found = problems(text)
    assert found
    assert found[0].startswith(want)


def test_an_alias_bomb_is_refused() -> None:
    text = "a: &a [x, x]\n"
    for n in range(30):
        text += f"{chr(98 + n % 20)}{n}: &b{n} [{', '.join(['*a'] * 5)}]\n"
    assert any("aliases" in problem for problem in problems(text))


def test_a_secret_is_looked_up() -> None:
    document = parse("p: !secret mqtt\nq: !secret none", "a.yaml", {"mqtt": "s3"})
    assert document.value == {"p": "s3", "q": WRONG}
    assert "add a line `none: …`" in document.problems[0].what


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    parse(text, "a.yaml")
