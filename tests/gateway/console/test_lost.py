"""An address that does not exist: words for people, a problem document for programs."""

from pathlib import Path

from tests.gateway.api.client import serving
from tests.gateway.api.desk_fixture import make_desk


async def test_a_browser_is_given_a_page_and_a_program_a_problem(tmp_path: Path) -> None:
    async with serving(make_desk(tmp_path, devices=42)) as client:
        seen = await client.ask("GET", "/nowhere", "platform", headers={"Accept": "text/html"})
        assert (seen.status, seen.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert b'<div id="app">' in seen.body
        told = await client.ask("GET", "/nowhere", "platform")
        assert (told.status, told.headers["Content-Type"]) == (404, "application/problem+json")
        headers = {"Accept": "text/html"}
        assert (await client.ask("GET", "/nowhere", "station", headers=headers)).status == 404
