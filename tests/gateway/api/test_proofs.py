"""What people add to an incident, and what they take away as a proof."""

import hashlib
import io
import json
import zipfile

import cv2
import msgspec
import numpy as np
import pytest

from gateway import photo
from gateway.api.desk import Desk
from gateway.manifest import append
from tests.gateway.api.client import Client
from tests.gateway.api.desk_fixture import FakeAudit

PATH = "/api/v1/incidents/inc-0000"
EXIF = b"\xff\xe1\x00\x1aExif\x00\x00SECRET-PLACE-39.91"


def _jpeg(width: int = 3000, height: int = 1500) -> bytes:
    picture = np.random.default_rng(1).integers(0, 255, (height // 100, width // 100, 3), np.uint8)
    picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_NEAREST)
    body = bytes(cv2.imencode(".jpg", picture)[1])
    return body[:2] + EXIF[:4] + EXIF[4:].ljust(24, b"\0") + body[2:]


async def test_a_photo_is_made_anew_and_kept(client: Client, desk: Desk) -> None:
    sent = _jpeg()
    assert b"SECRET-PLACE" in sent
    told = await client.ask("POST", f"{PATH}/photo?note=Seen%20it", "omar", data=sent)
    assert told.status == 200, told.body
    incident = told.json()["incident"]
    kept = incident["evidence"][-1]
    assert (kept["role"], incident["note"], incident["by"]) == ("photo", "Seen it", "omar")
    body = desk.evidence_file(kept["sha256"]).read_bytes()
    assert hashlib.sha256(body).hexdigest() == kept["sha256"]
    assert b"SECRET-PLACE" not in body
    assert cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR).shape[1] <= photo.LONGEST
    assert isinstance(desk.audit, FakeAudit)
    assert ("omar", "incident.photo", "inc-0000", "", kept["sha256"]) in desk.audit.kept


@pytest.mark.parametrize("body", [b"", b"<svg/>", b"\xff\xd8\xff\xd9", _jpeg(3000, 1500)[:2000]])
async def test_what_is_no_picture_is_refused(client: Client, body: bytes) -> None:
    told = await client.ask("POST", f"{PATH}/photo", "omar", data=body)
    assert told.status == 400
    assert told.json()["detail"].startswith("This picture cannot be taken:")


async def test_a_huge_photo_is_refused_before_it_is_read(client: Client) -> None:
    body = b"\xff\xd8" + bytes(photo.MOST)
    assert (await client.ask("POST", f"{PATH}/photo", "omar", data=io.BytesIO(body))).status == 413


async def test_a_note_decides_nothing(client: Client) -> None:
    told = await client.ask("POST", f"{PATH}/note", "omar", json={"note": "On the way."})
    assert (told.json()["incident"]["status"], told.json()["incident"]["by"]) == ("open", "omar")
    assert (await client.ask("POST", f"{PATH}/note", "omar", json={"note": " "})).status == 400


async def test_what_another_one_has_is_taken_over(client: Client) -> None:
    for who in ("omar", "ada"):
        told = await client.ask("POST", f"{PATH}/in_progress", who)
        assert told.json()["incident"]["handled_by"] == who
    assert (await client.ask("POST", f"{PATH}/in_progress", "ada")).status == 409


async def test_a_bundle_holds_what_it_says(client: Client) -> None:
    first, again = [await client.ask("GET", f"{PATH}/bundle.zip", "omar") for _ in range(2)]
    assert first.body == again.body, "the same incident always gives the same bytes"
    with zipfile.ZipFile(io.BytesIO(first.body)) as found:
        sums = dict(
            reversed(line.split("  ")) for line in found.read("SHA256SUMS").decode().splitlines()
        )
        for name in found.namelist():
            if name != "SHA256SUMS":
                assert hashlib.sha256(found.read(name)).hexdigest() == sums[name]
        assert "pictures/01-before.jpg" in sums
        assert json.loads(found.read("incident.json"))["deliveries"][0]["sink"] == "city"


async def test_a_bundle_holds_what_the_box_signed_of_its_pictures(
    client: Client, desk: Desk
) -> None:
    told = (await client.ask("GET", PATH, "omar")).json()
    sha256 = told["incident"]["evidence"][0]["sha256"]
    entry = append(desk.root, sha256, "yard-1", "before", 1)
    append(desk.root, "f" * 64, "yard-1", "now", 2)
    answer = await client.ask("GET", f"{PATH}/bundle.zip", "omar")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as found:
        assert json.loads(found.read("manifest.jsonl")) == msgspec.to_builtins(entry)
        assert "manifest.jsonl" in found.read("SHA256SUMS").decode()


async def test_tables_open_in_a_spreadsheet(client: Client) -> None:
    told = await client.ask("GET", "/api/v1/incidents.csv?all=true&severity=major", "vera")
    rows = told.body.decode("utf-8-sig").splitlines()
    assert (len(rows), rows[0][:9]) == (3, "id,opened")
    digest = await client.ask("GET", "/api/v1/digest.csv?by=week", "vera")
    assert "110101001001001" in digest.body.decode("utf-8-sig")


async def test_filters_of_the_list(client: Client) -> None:
    async def ids(query: str) -> list[str]:
        found = (await client.ask("GET", f"/api/v1/incidents?{query}", "vera")).json()
        return [incident["id"][-2:] for incident in found]

    assert await ids("") == ["00", "01", "02", "04"]
    assert await ids("all=true&text=bin%2005") == ["30"]
    assert await ids("status=void") == ["50"]
    assert await ids("device=cam-2&all=true") == ["00", "50"]
    assert await ids("severity=critical&severity=info") == ["01", "04"]
    assert (await client.ask("GET", "/api/v1/digest?from=9&to=3", "vera")).status == 400


async def test_the_box_tells_of_its_disk_and_gives_a_backup(client: Client, desk: Desk) -> None:
    told = (await client.ask("GET", "/api/v1/storage", "omar")).json()
    assert told["free"] <= told["total"]
    assert {folder["name"] for folder in told["folders"]} == {"database", "evidence", "else"}
    copy = await client.ask("POST", "/api/v1/backup", "ada", json={"evidence": True})
    assert copy.status == 200
    assert copy.body[:2] == b"\x1f\x8b"
    assert not list((desk.root / "data").glob("backup-*"))
