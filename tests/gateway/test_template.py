from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gateway.template import Moment, filled, filled_xml, unknown

CHINA = ZoneInfo("Asia/Shanghai")
AT = 1_800_000_000_000


def test_a_hole_that_is_all_keeps_its_type() -> None:
    values = {"n": 3, "x": 0.5, "list": [1, 2], "none": None, "yes": True, "deep": {"a-b": "c"}}
    assert filled(list("nx"), values) == ["n", "x"]
    template = ["{n}", "{x}", "{list}", "{none}", "{yes}", "{deep.a-b}", "{nothing.at.all}"]
    assert filled(template, values) == [3, 0.5, [1, 2], None, True, "c", None]


def test_within_more_text_everything_is_text() -> None:
    values = {"n": 3, "list": [1, "b"], "none": None, "yes": True}
    assert filled("{n}/{list}/{none}/{yes}/{list|; }", values) == "3/1,b//true/1; b"


def test_times_are_written_as_asked_in_the_zone_asked() -> None:
    values = {"t": Moment(AT, CHINA)}
    assert filled("{t}", values) == "2027-01-15T16:00:00+0800"
    assert filled("{t|%Y年%m月%d日 %H:%M}", values) == "2027年01月15日 16:00"
    assert filled("{t|s}", values) == 1_800_000_000
    assert filled("at {t|ms}", values) == f"at {AT}"


def test_braces_that_are_no_holes_stay() -> None:
    assert filled('{"a": {}, {{x}} {1} { n }', {"x": "y"}) == '{"a": {}, {y} {1} { n }'


@given(st.text(), st.text())
def test_a_value_is_never_read_for_holes(one: str, two: str) -> None:
    values = {"a": "{b}" + one, "b": two}
    assert filled("{a}|{b}", values) == "{b}" + one + "|" + two


@given(st.text(st.characters(codec="utf-8")))
def test_no_value_becomes_markup(text: str) -> None:
    parsed = ElementTree.fromstring(filled_xml("<a b='{x}'>{x}</a>", {"x": text}))
    sayable = [c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff")]
    assert len(list(parsed)) == 0
    assert len(parsed.attrib) == 1
    assert (parsed.text or "").replace("\n", "") == "".join(sayable).replace("\r\n", "").replace(
        "\r", ""
    ).replace("\n", "")


def test_unknown_holes_are_found_wherever_they_are() -> None:
    template = {"a": "{id}", "b": ["{place.address}", {"c": "{colour} {id|x}"}], "d": 5}
    assert unknown(template, {"id", "place"}) == ["colour"]
