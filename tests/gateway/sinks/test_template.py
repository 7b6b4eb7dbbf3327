import csv
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import msgspec
import pytest
import yaml

from config.load import Invalid, load
from gateway.cli import main
from gateway.model import Phase
from gateway.ports import Choked, Reject
from gateway.sinks.template import Map, Success, Template, letter, values
from tests.contracts.facts import EVIDENCE, envelope, surroundings
from tests.contracts.odd_server import odd_server, status

PRESETS = Path(__file__).parents[3] / "docs" / "presets"


def preset(name: str) -> Template:
    """As the loader of a site makes it: the tag is dropped, the rest converted."""
    (entry,) = yaml.safe_load((PRESETS / f"{name}.yaml").read_text())
    return msgspec.convert(entry, Template, dec_hook=lambda kind, raw: kind.parse(raw))


def told(spec: Template, phase: Phase = "opened") -> bytes:
    one = envelope("i-1", 0, phase, evidence=(EVIDENCE, EVIDENCE))
    return letter(spec, values(spec, one, surroundings(Path())))


URI = surroundings(Path()).evidence_url(EVIDENCE.sha256)


def test_work_orders_in_json() -> None:
    assert msgspec.json.decode(told(preset("workorder_json"))) == {
        "workordercode": "i-1",
        "scene": "06042",
        "workordercontent": "3 号桶满了 <Bin 3 is full>: fill level 0.97 above 0.9",
        "place": "东门 Gate 3",
        "area": "110101001001001",
        "longitude": 116.4,
        "latitude": 39.9,
        "dispatchtime": "2027-01-15 16:00:00",
        "processlimited": 24,
        "state": 0,
        "workordertype": 0,
        "attachments": f"{URI},{URI}",
    }
    assert msgspec.json.decode(told(preset("workorder_json"), "resolved"))["state"] == 2


def test_a_grid_app_gets_its_own_datum_and_lists() -> None:
    body = msgspec.json.decode(told(preset("grid_app_json")))
    assert (body["BCategoryId"], body["SCategoryId"]) == ("06", "042")
    assert body["EventPhotos"] == [URI, URI]
    assert body["Range"]["Lat"] == pytest.approx(39.9014, abs=1e-3)
    assert body["Range"]["Lon"] == pytest.approx(116.4062, abs=1e-3)
    assert body["WorkGrid"] is None, "this place has no code of that grid"


def test_a_case_as_a_form() -> None:
    body = parse_qs(told(preset("case_form")).decode(), strict_parsing=True)
    assert body["action"] == ["piReport"]
    assert body["recTypeID"] == ["0102"]
    assert body["recDesc"] == ["3 号桶满了 <Bin 3 is full>: fill level 0.97 above 0.9 (i-1)"]
    assert body["medias"] == [f"{URI},{URI}"]


def test_an_estate_wants_utc() -> None:
    body = msgspec.json.decode(told(preset("estate_event_json")))
    assert body["event_title"].startswith("垃圾满溢: 3 号桶满了")
    assert body["event_time"] == "2027-01-15 08:00:00"
    assert body["event_latlongit"] == "39.9,116.4"


def test_a_city_case_has_its_own_states_and_datum() -> None:
    body = msgspec.json.decode(told(preset("city_case_json")))
    assert (body["caseNo"], body["caseType"], body["status"]) == ("i-1", "06042", 0)
    assert (body["gridCode"], body["finishTime"]) == ("110101001001001", None)
    assert body["lat"] == pytest.approx(39.9014, abs=1e-3)
    body = msgspec.json.decode(told(preset("city_case_json"), "resolved"))
    assert (body["status"], body["finishTime"]) == (3, "2027-01-15 16:00:00")


@pytest.mark.parametrize(
    ("phase", "operation", "closing"),
    [("opened", "02", None), ("resolved", "03", "1"), ("void", "03", "2")],
)
def test_xml_as_text_within_soap(phase: Phase, operation: str, closing: str | None) -> None:
    outer = ElementTree.fromstring(told(preset("city_district_soap"), phase))
    call = {element.tag.partition("}")[2]: element.text for element in outer.iter()}
    assert call["OperationCode"] == operation
    assert call["SenderCode"] == "320500"
    inner = ElementTree.fromstring(call["MessageInfo"] or "")
    case = {element.tag: element.text for element in inner}
    assert case["SECTIONTASKNUM"] == "i-1"
    assert case["EVENTDESC"] == "3 号桶满了 <Bin 3 is full>: fill level 0.97 above 0.9"
    assert case["CLOSETYPE"] == closing


@pytest.mark.parametrize("path", sorted(PRESETS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_preset_is_a_good_entry_of_a_site(path: Path, tmp_path: Path) -> None:
    main(["init", str(tmp_path / "site")])
    config = tmp_path / "site" / "gateway.yaml"
    config.write_text(config.read_text().partition("\nsinks:")[0] + f"\nsinks:\n{path.read_text()}")
    assert [type(sink) for sink in load(tmp_path / "site").sinks] == [Template]


def test_what_is_wrong_with_a_template_is_said_at_its_line(tmp_path: Path) -> None:
    main(["init", str(tmp_path / "site")])
    config = tmp_path / "site" / "gateway.yaml"
    good = (PRESETS / "workorder_json.yaml").read_text()
    broken = good.replace('"{place.address}"', '"{adress}"')
    config.write_text(config.read_text().partition("\nsinks:")[0] + f"\nsinks:\n{broken}")
    with pytest.raises(Invalid) as raised:
        load(tmp_path / "site")
    (problem,) = raised.value.problems
    assert "'adress'" in problem.what
    lines = config.read_text().splitlines()
    assert "fields" in lines[problem.line - 1]


def made(**more: Any) -> Template:
    return Template(id="city", url="http://127.0.0.1:9/", **{"fields": {"id": "{id}"}, **more})


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"fields": {}}, "body"),
        ({"body": "xml"}, "body"),
        ({"document": "<a/>"}, "body"),
        ({"fields": {}, "body": "xml", "document": "<a>"}, "well-formed"),
        ({"parts": {"p": "<a>{nope}</a>"}}, "nope"),
        ({"maps": {"code": Map(by="colour", values={})}}, "colour"),
        ({"known": "("}, "known"),
        ({"success": Success()}, "success"),
        ({"success": Success(matches="[")}, "regular expression"),
        ({"success": Success(path="a", equals=("1",), matches="x")}, "success"),
        ({"time_zone": "Mars"}, "time_zone"),
    ],
)
def test_a_wrong_entry_is_told_before_anything_runs(more: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        made(**more)


async def send(spec: Template, answer: str, body: bytes, phase: Phase = "opened") -> None:
    async with odd_server(status(answer, body=body)) as url:
        there = msgspec.structs.replace(spec, url=url)
        async with there.open(surroundings(Path())) as sink:
            await sink.send(envelope(phase=phase))


SAYS_SO = Success(path="result.code", equals=("0", "200"))


async def test_success_is_what_the_platform_calls_success() -> None:
    await send(made(success=SAYS_SO), "200 OK", b'{"result": {"code": 0}}')
    await send(made(success=Success(matches="<ok>1")), "200 OK", b"<r><ok>1</ok></r>")


@pytest.mark.parametrize(
    "body", [b'{"result": {"code": 7}}', b"<html>", b"[]", b"", b'{"result": 0}']
)
async def test_anything_else_is_no_success_although_it_is_200(body: bytes) -> None:
    with pytest.raises(Choked):
        await send(made(success=SAYS_SO), "200 OK", body)


async def test_known_already_is_success_whatever_the_status() -> None:
    await send(made(known="重复|duplicate"), "400 Bad Request", "重复上报".encode())
    with pytest.raises(Reject):
        await send(made(known="重复"), "400 Bad Request", b"no grid")


async def test_a_kind_without_a_code_is_a_dead_letter_that_says_why() -> None:
    spec = made(maps={"code": Map(by="kind", values={"noise": "06028"})})
    with pytest.raises(Reject, match=r"maps\.code has nothing for the kind 'overflowing_bin'"):
        await send(spec, "200 OK", b"")


async def test_phases_that_nobody_wants_to_hear_of_are_passed_over() -> None:
    spec = made(phases=("opened",))
    async with spec.open(surroundings(Path())) as sink:  # nobody listens at this address
        await sink.send(envelope(phase="resolved"))


CODES = Path(__file__).parents[4] / "shared" / "data" / "codes"


def standard_codes(name: str, column: str) -> dict[str, str]:
    """Kind of incident -> code, of the public transcription; one that is split by owner is not."""
    if not CODES.is_dir():
        pytest.skip("the code tables lie beside the repository, in shared/data/codes")
    with (CODES / name).open() as file:
        told = {row["incident_kind"]: row[column] for row in csv.DictReader(file)}
    return {kind: code for kind, code in told.items() if code.isdigit()}


@pytest.mark.parametrize(
    ("name", "maps", "column"),
    [
        ("workorder_json", ("scene",), "gbt47678_code"),
        ("grid_app_json", ("large", "small"), "gbt47678_code"),
        ("city_district_soap", ("large", "small"), "gbt47678_code"),
        ("city_case_json", ("code",), "gbt47678_code"),
        ("case_form", ("code",), "gbt30428_style"),
    ],
)
def test_a_preset_has_every_sure_code_and_no_other(
    name: str, maps: tuple[str, ...], column: str
) -> None:
    tables = [preset(name).maps[one].values for one in maps]
    found = {kind: "".join(str(table[kind]) for table in tables) for kind in tables[0]}
    wanted = standard_codes("incident_kind_map.csv", column)
    not_theirs = {"blocked_exit", "device_offline"}  # for the fire brigade, for ourselves
    assert found == {kind: code for kind, code in wanted.items() if kind not in not_theirs}
