"""Pictures within a report, beside it, and uploaded before it."""

import hashlib
from base64 import b64decode
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from gateway.enclosures import Enclosed
from gateway.model import Evidence
from gateway.sinks.template import Template
from tests.contracts.facts import envelope, surroundings
from tests.gateway.sinks.test_template import made


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Evidence, ...]:
    """Five on disk, and one whose time to be kept is over."""
    found = []
    for n in range(5):
        jpeg = f"picture {n}".encode()
        name = hashlib.sha256(jpeg).hexdigest()
        (tmp_path / f"{name}.jpg").write_bytes(jpeg)
        role = "before" if n == 0 else "now"
        found.append(Evidence(name, "image/jpeg", role, 1_800_000_000_000 + n, len(jpeg)))
    gone = Evidence("0" * 64, "image/jpeg", "now", 1_800_000_000_000, 9)
    return (*found[:2], gone, *found[2:])


class Office:
    """A platform that takes reports and, apart from them, pictures."""

    def __init__(self) -> None:
        self.reports: list[tuple[dict[str, str], list[tuple[str, bytes]]]] = []
        self.uploads: list[tuple[str, bytes]] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/report", self._report)
        app.router.add_post("/upload", self._upload)
        return app

    async def _report(self, request: web.Request) -> web.Response:
        if request.content_type == "application/json":
            self.reports.append((await request.json(), []))
        else:
            form = await request.post()
            files = [(f.filename, f.file.read()) for f in form.values() if not isinstance(f, str)]
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            self.reports.append((fields, files))
        return web.json_response({"data": {"no": 7}})

    async def _upload(self, request: web.Request) -> web.Response:
        file = (await request.post())["photo"]
        self.uploads.append((file.filename, file.file.read()))
        return web.json_response({"data": {"url": f"up-{len(self.uploads)}"}})


async def with_pictures(spec: Template, root: Path, evidence: tuple[Evidence, ...]) -> Office:
    office = Office()
    runner = web.AppRunner(office.app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    wanted = spec.pictures
    assert wanted
    if wanted.url:
        wanted = msgspec.structs.replace(wanted, url=f"{base}/upload")
    there = msgspec.structs.replace(spec, url=f"{base}/report", pictures=wanted)
    async with there.open(surroundings(root)) as sink:
        for seq in range(2):
            assert await sink.send(envelope(seq=seq, evidence=evidence)) == "7"
    await runner.cleanup()
    return office


async def test_pictures_in_base64_are_the_first_and_the_last(
    tmp_path: Path, pictures: tuple[Evidence, ...]
) -> None:
    spec = made(fields={"p": "{images}"}, pictures=Enclosed(), reference="data.no")
    office = await with_pictures(spec, tmp_path, pictures)
    assert [b64decode(one) for one in office.reports[0][0]["p"]] == [b"picture 0", b"picture 4"]


async def test_pictures_beside_the_fields_are_named_by_their_hash(
    tmp_path: Path, pictures: tuple[Evidence, ...]
) -> None:
    wanted = Enclosed(how="multipart", field="photos", most=3)
    spec = made(body="form", fields={"title": "{title}"}, pictures=wanted, reference="data.no")
    office = await with_pictures(spec, tmp_path, pictures)
    fields, files = office.reports[0]
    assert fields == {"title": "3 号桶满了 <Bin 3 is full>"}
    assert [content for _, content in files] == [b"picture 0", b"picture 3", b"picture 4"]
    assert files[0][0] == f"before-{hashlib.sha256(b'picture 0').hexdigest()}.jpg"


async def test_pictures_are_uploaded_once_and_named_in_each_report(
    tmp_path: Path, pictures: tuple[Evidence, ...]
) -> None:
    wanted = Enclosed(how="upload", field="photo", url="http://x/", path="data.url")
    spec = made(fields={"p": "{images}"}, pictures=wanted, reference="data.no")
    office = await with_pictures(spec, tmp_path, pictures)
    assert [content for _, content in office.uploads] == [b"picture 0", b"picture 4"]
    assert [report["p"] for report, _ in office.reports] == [["up-1", "up-2"]] * 2
