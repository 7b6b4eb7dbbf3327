from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from gateway.model import Envelope, Evidence, GridCode, Incident, Phase, Place, Reason, Severity
from gateway.sinks.cap import Cap, Hazard, alert, certainty
from tests.contracts.cap_register import NAMES, SCHEMA, Register, name_of, parameter, text
from tests.contracts.facts import EVIDENCE, NOON, envelope, incident, surroundings
from tests.contracts.odd_server import odd_server, status

HAZARD = Hazard(
    event="满溢 Overflow",
    category=("Env", "Health"),
    code={"urn:oasis:names:tc:emergency:cap:profile:cn": "11B01"},
    instruction="Stay away.",
)
SPEC = Cap(
    id="city", url="http://127.0.0.1:9/", sender="linli@east", hazards={"overflowing_bin": HAZARD}
)
valid = pytest.mark.skipif(SCHEMA is None, reason="the official schema is not beside the repo")


def told(one: Envelope, spec: Cap = SPEC) -> etree._Element:
    return Register().take(alert(spec, HAZARD, one, surroundings(Path())).encode())


def test_an_alert_says_what_where_how_bad_and_how_sure() -> None:
    message = told(envelope(evidence=(EVIDENCE,)))
    assert {name: text(message, name) for name in WANTED} == WANTED
    assert [e.text for e in message.iterfind(".//c:category", NAMES)] == ["Env", "Health"]
    assert parameter(message, "confidence") == "0.9"


WANTED = {
    "identifier": "i-1",
    "sender": "linli@east",
    "sent": "2027-01-15T16:00:00+08:00",
    "status": "Actual",
    "msgType": "Alert",
    "scope": "Restricted",
    "restriction": "for the authorities in charge",
    "references": "",
    "incidents": "i-1",
    "event": "满溢 Overflow",
    "responseType": "",
    "urgency": "Expected",
    "severity": "Moderate",
    "certainty": "Likely",
    "onset": "2027-01-15T15:59:00+08:00",
    "expires": "2027-01-16T16:00:00+08:00",
    "headline": "3 号桶满了 <Bin 3 is full>",
    "description": "fill level 0.97 above 0.9",
    "instruction": "Stay away.",
    "uri": surroundings(Path()).evidence_url(EVIDENCE.sha256),
    "areaDesc": "东门 Gate 3",
    "circle": "39.9000000,116.4000000 0.1",
}


@pytest.mark.parametrize("phase", get_args(Phase))
def test_every_later_message_refers_to_the_alert(phase: Phase) -> None:
    first, later = told(envelope("i 1,<&")), told(envelope("i 1,<&", 3, phase))
    if phase != "opened":
        assert text(later, "references") == ",".join(name_of(first))
        assert text(later, "msgType") == ("Cancel" if phase in ("resolved", "void") else "Update")
        assert text(later, "identifier") == "i_1___-3"
    assert text(later, "incidents") == text(first, "incidents") == "i_1___"


def test_a_later_message_refers_to_every_one_before_it() -> None:
    """Versions that were not told (an answer of a platform) are no messages."""
    later = envelope(seq=5, phase="resolved")
    versions = ((0, NOON), (2, NOON + 1000), (4, NOON + 2000), (5, NOON + 3000))
    later = replace(later, incident=replace(later.incident, told=versions))
    assert text(told(later), "references") == (
        "linli@east,i-1,2027-01-15T16:00:00+08:00 "
        "linli@east,i-1-2,2027-01-15T16:00:01+08:00 "
        "linli@east,i-1-4,2027-01-15T16:00:02+08:00"
    )


def test_the_alert_is_named_as_it_was_sent_even_when_its_time_is_put_right() -> None:
    moved = envelope(seq=1, phase="updated")
    versions = ((0, NOON), (1, NOON + 9000))
    moved = replace(moved, incident=replace(moved.incident, opened_at=NOON + 5000, told=versions))
    assert text(told(moved), "references") == ",".join(name_of(told(envelope())))


def test_the_alert_is_the_same_one_for_a_sink_that_is_told_late() -> None:
    """Else what follows would refer to a message that this platform never got."""
    assert name_of(told(envelope(seq=3, phase="opened"))) == name_of(told(envelope()))


@pytest.mark.parametrize("phase", ["resolved", "void"])
def test_the_end_is_a_cancel_and_all_clear(phase: Phase) -> None:
    message = told(envelope(seq=1, phase=phase))
    got = {name: text(message, name) for name in ("msgType", "responseType", "urgency")}
    assert got == {"msgType": "Cancel", "responseType": "AllClear", "urgency": "Past"}
    assert text(message, "instruction") == ""


@pytest.mark.parametrize(
    ("changes", "sure"),
    [
        ({"confidence": 1.0}, "Likely"),
        ({"confidence": 1.0, "handled_by": "li.na"}, "Observed"),
        ({"confidence": 0.9, "devices": ("a", "b")}, "Observed"),
        ({"confidence": 0.8, "devices": ("a", "b")}, "Likely"),
        ({"confidence": 0.5}, "Likely"),
        ({"confidence": 0.4, "handled_by": "li.na"}, "Possible"),
    ],
)
def test_observed_takes_a_person_or_a_second_device(changes: dict[str, Any], sure: str) -> None:
    assert certainty(replace(incident(), **changes)) == sure


words = st.text(max_size=40)
incidents = st.builds(
    Incident,
    id=st.text(min_size=1, max_size=40),
    kind=words,
    rule=words,
    key=words,
    title=words,
    severity=st.sampled_from(get_args(Severity)),
    status=st.sampled_from(["open", "acknowledged", "resolved", "void", "reopened"]),
    place=st.builds(
        Place,
        codes=st.lists(st.builds(GridCode, words, words), max_size=2).map(tuple),
        lat=st.none() | st.floats(-90, 90),
        lon=st.none() | st.floats(-180, 180),
        address=words,
    ),
    opened_at=st.integers(0, 4_000_000_000_000),
    updated_at=st.integers(0, 4_000_000_000_000),
    since=st.integers(0, 4_000_000_000_000),
    reasons=st.lists(st.builds(Reason, words), max_size=2).map(tuple),
    evidence=st.lists(
        st.builds(Evidence, st.just("ab" * 32), words, words, st.just(0), st.integers(0)),
        max_size=2,
    ).map(tuple),
    confidence=st.floats(0, 1),
    note=words,
)


@valid
@given(incidents, st.sampled_from(get_args(Phase)), st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_any_incident_is_valid_by_the_official_schema(
    one: Incident, phase: Phase, zone: str
) -> None:
    told(Envelope(f"{one.id}-{one.seq}", "city", phase, one), replace(SPEC, time_zone=zone))


@valid
def test_the_official_schema_refuses_what_is_not_valid() -> None:
    good = alert(SPEC, HAZARD, envelope(), surroundings(Path()))
    for bad in (good.replace("+08:00", "Z"), good.replace("Moderate", "Bad")):
        with pytest.raises(etree.DocumentInvalid):
            Register().take(bad.encode())


async def test_kinds_that_are_not_configured_are_not_for_the_public() -> None:
    litter = envelope()
    async with SPEC.open(surroundings(Path())) as sink:  # nobody listens there
        await sink.send(replace(litter, incident=replace(litter.incident, kind="litter")))


async def test_a_test_of_the_line_is_marked_as_one() -> None:
    plain = envelope()
    test = replace(plain, incident=replace(plain.incident, kind="test"))
    assert text(told(test), "status") == "Test"
    async with (
        odd_server(status("200 OK")) as url,
        replace(SPEC, url=url).open(surroundings(Path())) as sink,
    ):
        await sink.send(test)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scope": "Restricted", "restriction": ""}, "restriction"),
        ({"scope": "Private"}, "addresses"),
        ({"time_zone": "Mars"}, "time_zone"),
        ({"hazards": {}}, "hazards"),
    ],
)
def test_what_the_standard_asks_for_is_asked_of_the_configuration(
    wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        replace(SPEC, **wrong).__post_init__()


def test_addresses_with_blanks_are_quoted() -> None:
    spec = replace(SPEC, scope="Private", addresses=("a@b", "fire brigade"))
    assert text(told(envelope(), spec), "addresses") == 'a@b "fire brigade"'
