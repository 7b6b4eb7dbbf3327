"""Labels for devices: QR codes to stick on them."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response

from gateway.api.access import needs
from gateway.api.asking import TheDesk, TheSpec
from gateway.api.desk import Desk
from gateway.api.problem import Problem
from gateway.api.spec import ConsoleSpec
from gateway.labels import Label, page, sheets, svg

router = APIRouter(prefix="/api/v1", tags=["devices"])

MOST = 2000
"""Labels of one file."""


@router.get(
    "/devices/{id}/label.svg",
    summary="A device's label",
    responses={200: {"content": {"image/svg+xml": {}}}},
)
@needs("viewer")
async def label(id: str, desk: TheDesk, spec: TheSpec) -> Response:
    """70 x 37 mm: a QR code that opens the device's page, its name and id."""
    return Response(svg(_label(desk, spec, id)), media_type="image/svg+xml")


@router.get(
    "/labels.pdf",
    summary="Labels to print",
    responses={200: {"content": {"application/pdf": {}}}},
)
@needs("viewer")
async def labels(
    desk: TheDesk,
    spec: TheSpec,
    ids: Annotated[str, Query(max_length=100_000, description="separated by commas")] = "",
) -> Response:
    """A4 sheets of 24 labels of 70 x 37 mm, for the devices named, or for all."""
    wanted = ids.split(",") if ids else [spec.id for spec in desk.config.devices]
    if len(wanted) > MOST:
        raise Problem(400, f"At most {MOST} labels are made at once; name some in ids.")
    made = [_label(desk, spec, id) for id in wanted]
    pdf = await asyncio.to_thread(sheets, made)
    headers = {"Content-Disposition": 'inline; filename="labels.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


def _label(desk: Desk, spec: ConsoleSpec, id: str) -> Label:
    if not any(device.id == id for device in desk.config.devices):
        raise Problem(404, f"There is no device {id[:96]!r}.")
    subject = desk.subjects[id]
    return Label(page(spec.url, id), subject.name, id, subject.place.address)
