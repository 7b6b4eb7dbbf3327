import json
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator, ValidationError
from msgspec.structs import replace
from referencing import Registry, Resource

from gateway.model import Phase, Place
from gateway.ports import Choked, Reject
from gateway.sinks.ngsi_ld import NgsiLd, entity
from tests.contracts.context_broker import simple
from tests.contracts.facts import EVIDENCE, envelope, surroundings
from tests.contracts.odd_server import odd_server, status

SCHEMAS = Path(__file__).parents[4] / "shared" / "data" / "schemas"
SPEC = NgsiLd(
    id="city",
    url="http://127.0.0.1:9",
    categories={"overflowing_bin": "06042"},
    department="street-7",
    ward_scheme="cn-unit-grid",
)


def told(phase: Phase = "opened", seq: int = 0) -> dict[str, Any]:
    one = envelope("i-1", seq, phase, evidence=(EVIDENCE,))
    return entity(SPEC, one, surroundings(Path()))


def test_an_incident_in_the_words_of_the_model() -> None:
    assert simple(told()) == {
        "id": "urn:ngsi-ld:IssueReporting:east:i-1",
        "type": "IssueReporting",
        "reportId": "i-1",
        "category": "overflowing_bin",
        "categoryCode": "06042",
        "title": "3 号桶满了 <Bin 3 is full>",
        "comments": "fill level 0.97 above 0.9",
        "landmark": "东门 Gate 3",
        "wardId": "110101001001001",
        "departmentId": "street-7",
        "mediaURL": surroundings(Path()).evidence_url(EVIDENCE.sha256),
        "phase": "opened",
        "version": 0,
        "severity": "minor",
        "confidence": 0.9,
        "resolutionStatus": "Open",
        "observationDateTime": "2027-01-15T07:59:00.000Z",
        "location": {"type": "Point", "coordinates": [116.4, 39.9]},
    }


def test_every_attribute_is_a_normalized_one_and_the_context_is_named() -> None:
    whole = told()
    assert whole["title"] == {"type": "Property", "value": "3 号桶满了 <Bin 3 is full>"}
    assert whole["resolutionStatus"]["observedAt"] == "2027-01-15T08:00:00.000Z"
    assert whole["location"]["type"] == "GeoProperty"
    assert [url.rpartition("/")[2] for url in whole["@context"]] == [
        "context.jsonld",
        "ngsi-ld-core-context.jsonld",
    ]


def test_what_is_not_known_is_left_out() -> None:
    one = envelope()
    bare = replace(one, incident=replace(one.incident, title="", place=Place(), reasons=()))
    whole = entity(SPEC, bare, surroundings(Path()))
    assert not {"title", "landmark", "wardId", "comments", "location", "mediaURL"} & whole.keys()
    assert whole["version"] == {"type": "Property", "value": 0}


def test_an_id_is_a_urn_whatever_it_is_made_of() -> None:
    whole = entity(SPEC, envelope('a b/"<é'), surroundings(Path()))
    assert whole["id"] == "urn:ngsi-ld:IssueReporting:east:a%20b%2F%22%3C%C3%A9"


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    if not SCHEMAS.exists():
        pytest.skip("the schemas of the Smart Data Models are not beside the repo")
    common = Resource.from_contents(json.loads((SCHEMAS / "sdm_common-schema.json").read_text()))
    uri = "https://smart-data-models.github.io/data-models/common-schema.json"
    model = json.loads((SCHEMAS / "sdm_IssueReporting_schema.json").read_text())
    return Draft202012Validator(model, registry=Registry().with_resource(uri, common))


@pytest.mark.parametrize("phase", get_args(Phase))
def test_the_official_schema_takes_every_phase(schema: Draft202012Validator, phase: Phase) -> None:
    schema.validate(simple(told(phase, 3)))


def test_the_official_schema_refuses_what_is_not_valid(schema: Draft202012Validator) -> None:
    with pytest.raises(ValidationError):
        schema.validate({**simple(told()), "resolutionStatus": "Closed"})


@pytest.mark.parametrize(
    ("line", "phase", "failure"),
    [
        ("207 Multi-Status", "updated", Choked),
        ("400 Bad Request", "updated", Reject),
        ("422 Unprocessable Entity", "opened", Reject),
    ],
)
async def test_a_refusal_is_told_in_the_brokers_words(
    line: str, phase: Phase, failure: type[Exception]
) -> None:
    answer = status(line, body=b'{"errors": [{"error": {"title": "no such thing"}}]}')
    async with (
        odd_server(answer) as url,
        replace(SPEC, url=url).open(surroundings(Path())) as sink,
    ):
        with pytest.raises(failure, match="no such thing"):
            await sink.send(envelope(seq=1, phase=phase))


async def test_it_is_there_already_is_a_delivery() -> None:
    async with (
        odd_server(status("409 Conflict")) as url,
        replace(SPEC, url=url).open(surroundings(Path())) as sink,
    ):
        await sink.send(envelope())
