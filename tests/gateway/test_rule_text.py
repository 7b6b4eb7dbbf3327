import pytest
import yaml

from gateway.rule_text import Unwritten, find, id_of, own_text, put, removed, with_fields

FILE = """\
# Bins.

rules:
  # Full ones.
  - id: bin-full
    kind: threshold
    above: 90   # %

    for: 30m

  # Hot ones.
  - {id: bin-hot, kind: threshold,
     above: 60}
tests:
  - name: fills
"""
OWN = "id: bin-full\nkind: threshold\nabove: 90   # %\n\nfor: 30m\n"


def test_a_rules_own_text_is_without_the_dash() -> None:
    assert own_text(FILE, "bin-full") == OWN
    assert yaml.safe_load(own_text(FILE, "bin-hot"))["above"] == 60
    assert own_text(FILE, "other") == ""


def test_what_is_put_back_changes_nothing() -> None:
    assert put(FILE, "bin-full", own_text(FILE, "bin-full")) == FILE


def test_only_the_rules_own_lines_change() -> None:
    changed = put(FILE, "bin-full", OWN.replace("90", "80"))
    assert changed == FILE.replace("above: 90", "above: 80")
    changed = put(FILE, "bin-hot", "id: bin-hot\nkind: rate\n")
    assert yaml.safe_load(changed)["rules"][1] == {"id": "bin-hot", "kind": "rate"}
    assert changed.startswith(FILE.partition("  - {")[0])
    assert changed.endswith("tests:\n  - name: fills\n")


@pytest.mark.parametrize("text", [FILE, "", "tests: []\n", "rules: []\n"])
def test_a_new_rule_stands_at_the_end(text: str) -> None:
    made = put(text, "new", "id: new\nkind: rate\n")
    assert yaml.safe_load(made)["rules"][-1] == {"id": "new", "kind": "rate"}
    assert own_text(made, "new") == "id: new\nkind: rate\n"


def test_the_last_rule_takes_the_file_along() -> None:
    left = removed(FILE, "bin-hot")
    assert [rule["id"] for rule in yaml.safe_load(left)["rules"]] == ["bin-full"]
    assert removed(left, "bin-full") == ""
    assert removed(left, "other") == left


def test_fields_are_set_where_they_stand_and_remarks_stay() -> None:
    made = with_fields(OWN, {"above": 80, "for": None, "severity": "major"})
    assert made == "id: bin-full\nkind: threshold\nabove: 80   # %\nseverity: major\n"
    made = with_fields("{id: a, above: 3}\n", {"above": 4, "select": {"quantity": ["fill"]}})
    assert yaml.safe_load(made) == {"id": "a", "above": 4, "select": {"quantity": ["fill"]}}
    made = with_fields("{id: a, above: 3, for: 1m}\n", {"above": None})
    assert yaml.safe_load(made) == {"id": "a", "for": "1m"}
    nested = "id: a\nselect:\n  quantity: fill\n  # all\nabove: 3\n"
    made = with_fields(nested, {"select": {"quantity": "温度"}})
    assert made == "id: a\nselect: {quantity: 温度}\n  # all\nabove: 3\n"


@pytest.mark.parametrize(
    ("own", "line"),
    [("- id: a\n", 1), ("kind: rate\n", 1), ("id: a\nabove: [1\n", 3), ("[" * 9000, 1), ("", 1)],
)
def test_what_is_no_rule_is_told_with_its_line(own: str, line: int) -> None:
    with pytest.raises(Unwritten) as error:
        id_of(own)
    assert error.value.line == line


def test_a_list_in_brackets_is_not_cut() -> None:
    with pytest.raises(Unwritten, match="brackets"):
        find("rules: [{id: a}]\n", "a")
