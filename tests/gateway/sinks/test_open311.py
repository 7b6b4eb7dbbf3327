import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import yaml
from msgspec.structs import replace

import gateway.sinks.open311
from gateway.marks import mark
from gateway.model import Answer as Answered
from gateway.model import Envelope, Place
from gateway.ports import Barred, Choked, Reject
from gateway.sinks.open311 import Open311, form
from tests.contracts.facts import EVIDENCE, NOON, envelope, incident, surroundings
from tests.contracts.georeport import KEY, City, georeport
from tests.contracts.odd_server import Answer, odd_server, status

HOUR = 3_600_000


@pytest.fixture
async def city() -> AsyncIterator[City]:
    async with georeport() as city:
        yield city


def spec(url: str, **more: object) -> Open311:
    plain = Open311(
        id="city",
        url=url,
        services={"overflowing_bin": "BIN"},
        api_key=KEY,
        attributes={"SIZE": "large"},
        address_scheme="cn-unit-grid",
    )
    return replace(plain, **more)


async def send(spec: Open311, *envelopes: Envelope, at: int = NOON) -> None:
    around = surroundings(Path())
    around.clock.at = at
    async with spec.open(around) as sink:
        for one in envelopes:
            await sink.send(one)


async def test_a_request_says_what_where_and_which(city: City) -> None:
    await send(spec(city.url, email="a@b.example"), envelope(evidence=(EVIDENCE,)))
    assert city.forms == [
        {
            "api_key": KEY,
            "service_code": "BIN",
            "address_string": "东门 Gate 3",
            "address_id": "110101001001001",
            "lat": "39.9000000",
            "long": "116.4000000",
            "description": "3 号桶满了 <Bin 3 is full>\nfill level 0.97 above 0.9\n"
            "[linli east i-1 #0 opened]",
            "email": "a@b.example",
            "media_url": surroundings(Path()).evidence_url(EVIDENCE.sha256),
            "attribute[SIZE]": "large",
            "attribute[linli_incident]": "i-1",
        }
    ]


async def test_a_standard_city_hears_of_the_report_only(city: City) -> None:
    await send(spec(city.url), envelope(), envelope(seq=1, phase="resolved"))
    assert (len(city.requests), city.updates, city.asked) == (1, [], 1)


async def test_what_happens_later_goes_to_the_request_with_its_status(city: City) -> None:
    ours = spec(city.url, updates=True)
    await send(ours, envelope(), envelope(seq=1, phase="in_progress"))
    await send(ours, envelope(seq=2, phase="void"))
    assert [
        (told["service_request_id"], told["update_id"], told["status"]) for told in city.updates
    ] == [("0", "i-1-1", "IN_PROGRESS"), ("0", "i-1-2", "NO_FURTHER_ACTION")]


async def test_it_is_found_again_in_a_list_that_is_cut(city: City, monkeypatch) -> None:
    """Every list is cut at two requests, and ours is the last of many."""
    monkeypatch.setattr(gateway.sinks.open311, "LIST_CUT", 2)
    city.most = 2
    for n in range(9):
        city.now = NOON // 1000 + n * 7200
        await send(spec(city.url), envelope(f"j-{n}"), at=NOON + 2 * n * HOUR)
    before = len(city.requests)
    await send(spec(city.url), *(envelope(f"j-{n}") for n in range(9)), at=NOON + 20 * HOUR)
    assert len(city.requests) == before == 9


async def test_it_is_found_again_after_a_long_outage(city: City) -> None:
    await send(spec(city.url), envelope())
    city.now += 80 * 86_400
    await send(spec(city.url), envelope(), at=NOON + 80 * 24 * HOUR)
    await send(spec(city.url), envelope("i-2"), at=NOON + 800 * 24 * HOUR)
    assert [one["description"][-26:] for one in city.requests] == [
        "[linli east i-1 #0 opened]",
        "[linli east i-2 #0 opened]",
    ]


@pytest.mark.parametrize("hours", [-11, -1, 8, 14])
async def test_it_is_found_again_where_utc_is_taken_for_local_time(city: City, hours: int) -> None:
    city.now += hours * 3600
    await send(spec(city.url), envelope())
    await send(spec(city.url), envelope(), at=NOON + HOUR)
    assert len(city.requests) == 1


async def test_ids_that_begin_alike_are_not_mixed_up(city: City) -> None:
    await send(spec(city.url), envelope("i-11"), envelope("i-1"))
    assert len(city.requests) == 2
    assert mark("east", incident("i-1")) not in mark("east", incident("i-1-0"), "opened")


async def test_a_kind_without_a_code_is_never_sent_under_a_wrong_one(city: City) -> None:
    with pytest.raises(Reject, match="no code for the kind 'overflowing_bin'"):
        await send(spec(city.url, services={}), envelope())
    assert (city.forms, city.asked) == ([], 0)
    await send(spec(city.url, services={}, service="BIN"), envelope())


async def test_a_refusal_is_told_in_the_citys_words(city: City) -> None:
    with pytest.raises(Reject, match="attribute SIZE is required"):
        await send(spec(city.url, attributes={}), envelope())
    with pytest.raises(Barred):
        await send(spec(city.url, api_key="wrong"), envelope())


async def test_a_place_without_anything_is_at_least_the_site(city: City) -> None:
    bare = envelope()
    await send(spec(city.url), replace(bare, incident=replace(bare.incident, place=Place())))
    assert city.forms[0]["address_string"] == "east"
    assert "lat" not in city.forms[0]


def lists_nothing_then(answer: Answer) -> Answer:
    async def serve(reader, writer) -> None:
        if (await reader.readexactly(4)) == b"GET ":
            await status("200 OK", body=b"[]")(reader, writer)
        else:
            await answer(reader, writer)

    return serve


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b'[{"code": 400, "description": "Duplicate of an earlier request"}]', "400 Bad Request"),
        (b'[{"token": "t-1"}]', "200 OK"),
        (b'{"service_requests": [{"service_request_id": "A-7"}]}', "200 OK"),
    ],
    ids=["known already", "a token, for later", "wrapped"],
)
async def test_answers_that_mean_yes(body: bytes, line: str) -> None:
    async with odd_server(lists_nothing_then(status(line, body=body))) as url:
        await send(spec(url), envelope())


async def test_yes_without_a_number_is_no_yes() -> None:
    async with odd_server(lists_nothing_then(status("200 OK", body=b"[{}]"))) as url:
        with pytest.raises(Choked):
            await send(spec(url), envelope())


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("200 OK", b"<html>"),
        ("200 OK", b'{"a": 1, "b": 2}'),
        ("200 OK", b"[1"),
        ("400 Bad Request", b'[{"code": 400, "description": "end_date is in the future"}]'),
    ],
)
async def test_a_list_that_cannot_be_read_is_no_empty_list(line: str, body: bytes) -> None:
    """Else every try would make one more request; and no incident is given up for it."""
    async with odd_server(status(line, body=body)) as url:
        with pytest.raises(Barred):
            await send(spec(url), envelope())


async def test_a_city_that_lists_everything_for_ever_is_not_asked_for_ever() -> None:
    everything = status("200 OK", body=msgspec.json.encode([{"description": "other"}] * 1000))
    async with odd_server(everything) as url:
        with pytest.raises(Barred, match="never end"):
            await send(spec(url), envelope())


SPECIFICATION = (
    Path(__file__).parents[4] / "shared" / "data" / "schemas" / "open311_georeport_v2-1_draft.yaml"
)


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="the public schema is not beside the repo")
async def test_every_field_is_one_of_the_specification(city: City) -> None:
    path = yaml.safe_load(SPECIFICATION.read_text())["paths"]["/requests.{response_format}"]
    known = {one.get("name") for one in path["post"]["parameters"]} | {"api_key", "jurisdiction_id"}
    known |= {"description", "media_url"}  # left out of the draft, in the text of GeoReport v2
    await send(spec(city.url, jurisdiction="east.example"), envelope(evidence=(EVIDENCE,)))
    sent = {name.partition("[")[0] for name in city.forms[0]}
    assert sent <= known
    assert len(sent) == 10


DRAFT = Path(__file__).parents[4] / "shared/data/schemas/open311_georeport_v2-1_draft.yaml"


def test_the_official_draft_knows_every_field_of_a_report() -> None:
    if not DRAFT.exists():
        pytest.skip("the draft of GeoReport lies beside the repository, in shared/data/schemas")
    draft = yaml.safe_load(DRAFT.read_text())
    declared = draft["paths"]["/requests.{response_format}"]["post"]["parameters"]
    shared = draft["parameters"].values()
    known = {one["name"] for one in (*declared, *shared) if "name" in one}
    needed = {one["name"] for one in declared if one.get("required")}
    spec = Open311(id="city", url="http://x/v2", service="BIN", api_key=KEY, email="a@b.example")
    sent = form(spec, envelope(evidence=(EVIDENCE,)), surroundings(Path()))
    names = {name.partition("[")[0] for name in sent}
    assert needed <= names
    unlisted = {"description", "media_url", "email", "api_key"}  # in GeoReport v2 all the same
    assert names <= known | unlisted


@pytest.mark.parametrize(
    ("told", "state", "text"),
    [
        ({"status": "open"}, None, ""),
        ({"status": "open", "agency_responsible": "Street 7"}, "assigned", "Street 7"),
        ({"status": "closed", "status_notes": "emptied"}, "closed", "emptied"),
        ({"status": "Not_Councils_Responsibility"}, "rejected", ""),
        ({}, None, ""),
    ],
)
async def test_the_city_is_asked_what_became_of_it(
    told: dict[str, str], state: str | None, text: str
) -> None:
    body = json.dumps([{"service_request_id": 0, **told}]).encode()
    async with odd_server(status("200 OK", body=body)) as url:
        spec = Open311(id="city", url=url, service="BIN")
        async with spec.open(surroundings(Path())) as sink:
            answer = await sink.ask("i-1", "0")
    assert answer == (Answered("i-1", "city", state, "0", text) if state else None)
