import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.line_protocol import TEXT_LIMIT, Refused, name, writer
from gateway.model import Quality, Reading

AT = 1_800_000_000_000

texts = st.text(st.characters(codec="utf-8"), max_size=40)
names = texts.filter(lambda text: name(text) and not name(text).startswith("#"))
numbers = st.floats(allow_nan=False, allow_infinity=False)
readings = st.builds(
    Reading,
    device=names,
    quantity=names,
    value=numbers | texts,
    at=st.integers(0, 9_000_000_000_000),
    measured_at=st.none() | st.integers(0, 9_000_000_000_000),
    quality=st.sampled_from([0, 1, 4, 31]),
    unit=texts,
)


def parse(line: str) -> tuple[str, dict[str, str], dict[str, float | str], int]:
    """Measurement, tags, fields and time of one line, read by the published grammar."""
    head, rest = split(line, " ", limit=1)
    fields, at = split(rest, " ", limit=1, quotes=True)
    measurement, *tags = split(head, ",")
    pairs = [split(tag, "=") for tag in tags]
    return (
        bare(measurement),
        {bare(key): bare(value) for key, value in pairs},
        dict(field(one) for one in split(fields, ",", quotes=True)),
        int(at),
    )


def split(text: str, separator: str, limit: int = -1, *, quotes: bool = False) -> list[str]:
    """*text* at *separator*, where that is not escaped. Quotes mean something in fields only."""
    parts, quoted, i, start = [], False, 0, 0
    while i < len(text) and limit != 0:
        if text[i] == "\\":
            i += 1
        elif quotes and text[i] == '"':
            quoted = not quoted
        elif text[i] == separator and not quoted:
            parts.append(text[start:i])
            start, limit = i + 1, limit - 1
        i += 1
    return [*parts, text[start:]]


def bare(text: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", text)


def field(text: str) -> tuple[str, float | str]:
    key, value = text.split("=", 1)
    if value.startswith('"'):
        assert value.endswith('"')
        return key, re.sub(r'\\(["\\])', r"\1", value[1:-1])
    return key, float(value.removesuffix("i"))


@given(readings)
@example(Reading('a"b', 'x"=', 'a "b", c=\\', AT, unit='"'))
def test_what_is_written_is_what_is_read(reading: Reading) -> None:
    measurement, tags, fields, at = parse(writer({"site": "east gate"})(reading))
    assert measurement == name(reading.quantity)
    wanted = {"device": name(reading.device), "unit": name(reading.unit), "site": "east gate"}
    assert tags == {key: value for key, value in wanted.items() if value}
    key = "text" if isinstance(reading.value, str) else "value"
    quality = {"quality": float(reading.quality)} if reading.quality else {}
    assert fields == {key: reading.value} | quality
    taken = reading.at if reading.measured_at is None else reading.measured_at
    assert at // 1_000_000 == taken


@given(readings)
def test_a_reading_is_always_the_same_line(reading: Reading) -> None:
    again = Reading(**{field: getattr(reading, field) for field in reading.__struct_fields__})
    assert writer({})(reading) == writer({})(again)


@given(texts)
def test_a_name_never_ends_a_line_nor_escapes_what_follows(text: str) -> None:
    assert not re.search(r"[\x00-\x1f\x7f\\]", name(text))


def test_a_line_as_the_documentation_draws_it() -> None:
    line = writer({})(Reading("bin-3", "fill_level", 97.0, AT, unit="%"))
    assert line == "fill_level,device=bin-3,unit=% value=97.0 1800000000000097000"


def test_whole_numbers_are_floats_too() -> None:
    assert " value=5.0 " in writer({})(Reading("a", "b", 5, AT))


def test_quality_is_told_where_it_is_not_good() -> None:
    late = Reading("a", "b", 1.0, AT, quality=Quality.LATE | Quality.UNSYNCED)
    assert " value=1.0,quality=6i " in writer({})(late)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), float("-inf"), "x" * (TEXT_LIMIT + 1)]
)
def test_what_no_database_takes_is_refused_here(value: float | str) -> None:
    with pytest.raises(Refused):
        writer({})(Reading("a", "b", value, AT))


@pytest.mark.parametrize("quantity", ["", " ", "\n", "#comment"])
def test_a_quantity_needs_a_name(quantity: str) -> None:
    with pytest.raises(Refused):
        writer({})(Reading("a", quantity, 1.0, AT))
