"""One entry changes; comments, order and every other line stay."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gateway.yaml_edit import Absent, put, remove

TEXT = """# the site
devices:
  # bins
  - id: bin-1     # the first
    name: 桶一
    place: {grid: "01"}   # by the gate
    tags: [a, b]

  # the second
  - {id: bin-2, name: x}
admit: []
# the end
"""


def entries(text: str, section: str = "devices") -> list[dict[str, Any]]:
    return yaml.safe_load(text)[section] or []


def test_a_field_changes_and_everything_else_stays():
    was = entries(TEXT)[0]
    made = put(TEXT, "devices", was | {"tags": ["a", "c"]})
    assert made == TEXT.replace("tags: [a, b]", "tags: [a, c]")


def test_a_field_that_is_left_out_goes():
    made = put(TEXT, "devices", {"id": "bin-1", "name": "桶一"})
    assert "place" not in made
    assert "# the first" in made
    assert entries(made)[0] == {"id": "bin-1", "name": "桶一"}


def test_a_new_entry_comes_last_as_its_neighbours_are_written():
    made = put(TEXT, "devices", {"id": "bin-3", "place": {"address": "路 3"}})
    assert "  - id: bin-3\n    place: {address: 路 3}\nadmit: []" in made
    assert [entry["id"] for entry in entries(made)] == ["bin-1", "bin-2", "bin-3"]


@pytest.mark.parametrize("before", ["", "admit: []\n", "admit:\n", "# nothing yet\n", "admit: [ ]"])
def test_a_section_that_is_empty_or_absent_gets_its_first_entry(before: str):
    made = put(before, "admit", {"id": "all", "dialect": "linli"})
    assert entries(made, "admit") == [{"id": "all", "dialect": "linli"}]


def test_an_entry_is_removed_and_the_comments_of_others_stay():
    made = remove(TEXT, "devices", "bin-1")
    assert [entry["id"] for entry in entries(made)] == ["bin-2"]
    assert "# the second" in made
    assert entries(remove(made, "devices", "bin-2")) == []


def test_what_is_not_there_cannot_be_removed():
    with pytest.raises(Absent):
        remove(TEXT, "devices", "bin-9")


def test_a_secret_is_not_told_and_not_lost():
    text = "sinks:\n  - {id: a, url: x}\n  - id: b\n    token: !secret city\n"
    made = put(text, "sinks", {"id": "a", "url": "y"})
    assert "    token: !secret city\n" in made


word = st.text("ab:#-'\"{}[]\n,&*!|>%@` 桶0123", max_size=12)
value = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99999) | st.floats(allow_nan=False) | word,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(word, inner, max_size=3),
    max_leaves=5,
)
fields = st.dictionaries(st.text("abcdefgh_", min_size=1, max_size=6), value, max_size=4)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "bin-1", "bin-2"]), fields), max_size=5))
def test_whatever_is_put_is_what_stands_there(edits: list[tuple[str, dict[str, Any]]]):
    text, wanted = TEXT, {entry["id"]: entry for entry in entries(TEXT)}
    for id, other in edits:
        entry = {"id": id, **{k: v for k, v in other.items() if k != "id"}}
        text, wanted[id] = put(text, "devices", entry), entry
    assert {entry["id"]: entry for entry in entries(text)} == wanted
    assert text.startswith("# the site\n")
    assert text.endswith("admit: []\n# the end\n")
