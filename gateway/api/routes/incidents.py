"""Incidents: what is wrong, and what was."""

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheCaller, TheDesk
from gateway.api.bundle import bundle
from gateway.api.desk import Delivery, Desk
from gateway.api.facts import OPEN
from gateway.api.problem import Problem
from gateway.api.spans import LATEST, From, To, local
from gateway.inquiry import Inquiry
from gateway.model import Incident, Severity, Status
from gateway.sheets import sheet

router = APIRouter(tags=["incidents"])

PATH = "/api/v1/incidents"
MOST = 20_000
"""Rows of one table."""
EXAMPLE = {
    "id": "0f8ce0b6-6a5c-5e0c-9d1c-6f8e1a4f2f10",
    "kind": "waste_dumped",
    "rule": "waste-at-station",
    "key": "cam-2",
    "title": "Waste dumped at Waste station",
    "severity": "major",
    "status": "open",
    "opened_at": 1790000000000,
    "updated_at": 1790000000000,
    "since": 1789999820000,
    "seq": 0,
    "reasons": [{"text": "An object has lain in zone bins for 3 min and belongs to nobody"}],
    "devices": ["cam-2"],
    "handled_by": "",
    "note": "",
}
DELIVERY = {"sink": "city", "seq": 0, "state": "done", "at": 1790000000400, "reason": ""}
COLUMNS = (
    *("id", "opened", "closed", "status", "severity", "title", "grid", "address", "rule"),
    *("device", "handled by", "note", "why", "confidence", "pictures"),
)


class History(msgspec.Struct, frozen=True):
    """An incident as it is, every version that it had, the oldest first, and what was sent of
    them."""

    incident: Incident
    versions: list[Incident]
    deliveries: list[Delivery]


HISTORY = described(History, {"incident": EXAMPLE, "versions": [EXAMPLE], "deliveries": [DELIVERY]})

Statuses = Annotated[list[Status] | None, Query(description="open ones when left out")]
Severities = Annotated[list[Severity] | None, Query()]
Every = Annotated[bool, Query(alias="all", description="closed ones too")]
Text = Annotated[str, Query(max_length=200)]


def _inquiry(  # noqa: PLR0913 - each is a parameter of the query
    status: Statuses = None,
    severity: Severities = None,
    every: Every = False,
    grid: Annotated[Text, Query(description="the beginning of a grid's code")] = "",
    rule: Text = "",
    device: Text = "",
    text: Annotated[Text, Query(description="somewhere in its words")] = "",
    start: From = None,
    end: To = None,
) -> Inquiry:
    """`from` and `to`: opened within."""
    return Inquiry(
        status=tuple(status or (() if every else OPEN)),
        severity=tuple(severity or ()),
        grid=grid.strip(),
        rule=rule,
        device=device,
        text=text.strip(),
        start=start or 0,
        end=end,
    )


TheInquiry = Annotated[Inquiry, Depends(_inquiry)]


@router.get(PATH, summary="Incidents", responses=described(list[Incident], [EXAMPLE]))
@needs("viewer")
async def incidents(
    desk: TheDesk,
    inquiry: TheInquiry,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[
        int | None, Query(ge=0, lt=LATEST, description="opened before, ms since 1970")
    ] = None,
) -> Response:
    """The newest first; for the next page ask for those `before` the last one's `opened_at`."""
    return answer(await desk.store.cases.find(inquiry, limit, before))


@router.get(
    f"{PATH}.csv",
    summary="Incidents as a table",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"example": ",".join(COLUMNS)}}}},
)
@needs("viewer")
async def table(desk: TheDesk, inquiry: TheInquiry) -> Response:
    """The same filters as for the list; times at the place."""
    found = await desk.store.cases.find(inquiry, MOST)
    zone = desk.config.site.zone
    rows = [
        (
            *(i.id, local(i.opened_at, zone), local(i.closed_at, zone), i.status, i.severity),
            *(i.title, i.place.grid, i.place.address, i.rule, " ".join(i.devices), i.handled_by),
            *(i.note, "; ".join(reason.text for reason in i.reasons), round(i.confidence, 2)),
            len(i.evidence),
        )
        for i in found
    ]
    return as_file(sheet(COLUMNS, rows), "incidents.csv", "text/csv; charset=utf-8")


@router.get(f"{PATH}/{{id}}", summary="One incident with its history", responses=HISTORY)
@needs("viewer")
async def incident(id: str, desk: TheDesk) -> Response:
    return answer(await history(desk, id))


@router.get(
    f"{PATH}/{{id}}/bundle.zip",
    summary="Everything known of an incident, to prove it",
    response_class=Response,
    responses={200: {"content": {"application/zip": {"example": "a ZIP file"}}}},
)
@needs("operator")
async def proof(id: str, desk: TheDesk, caller: TheCaller) -> Response:
    """incident.json, reasons.txt, the pictures, what this box signed of them, and SHA256SUMS."""
    found = await history(desk, id)
    about = msgspec.to_builtins(found)
    body = await asyncio.to_thread(bundle, about, found.incident, desk.root, desk.evidence_file)
    await desk.audit.record(caller.name, "incident.export", id)
    return as_file(body, f"incident-{found.incident.id}.zip", "application/zip")


def as_file(body: bytes, name: str, kind: str) -> Response:
    safe = "".join(c for c in name if c.isascii() and (c.isalnum() or c in "-._"))
    headers = {"Content-Disposition": f'attachment; filename="{safe}"'}
    return Response(body, headers=headers, media_type=kind)


async def history(desk: Desk, id: str) -> History:
    versions = list(await desk.store.incident(id))
    if not versions:
        raise Problem(404, "There is no such incident.")
    return History(versions[-1], versions, list(await desk.store.cases.deliveries(id)))
