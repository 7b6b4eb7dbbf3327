"""Readings to a server of OGC SensorThings 1.1.

    Thing        one for each device, with its place as Location
    Datastream   one for each quantity of a device, with its UCUM unit
    Observation  phenomenonTime: the device's own clock, else when it came in

Things and Datastreams are made when they are first needed and found again by name. Observations go
in bulk by `CreateObservations` where the server has it, else one by one. A server stores twice what
it is sent twice, so whenever it is not sure what arrived (at a start, after a failure) the times
that it has are asked for first. Texts are passed over: most servers take numbers only.
"""

import math
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from gateway.dossier import iso
from gateway.model import Duration, Reading
from gateway.ports import ReadingSink, ReadingSinkSpec, Retry, Surroundings
from gateway.sensor_things import Catalogue, Point, Server, Stream
from gateway.uplink import Answer, Tls, Way, uplink, verdict_on

_COMPONENTS = ["phenomenonTime", "result", "FeatureOfInterest/id"]
Refused = list[tuple[Reading, str]]


class SensorThings(ReadingSinkSpec, frozen=True, kw_only=True):
    """A server of OGC SensorThings 1.1."""

    url: Annotated[str, Meta(pattern=r"^https?://[^\s/]+\S*/v1\.1$")]
    """The service's root, like https://sta.example/v1.1."""
    token: str = ""
    """Sent as `Authorization: Bearer …`; write `!secret name`."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """More headers for every request."""
    most: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    """Observations of one request."""
    timeout: Duration = Duration.parse("30s")
    """For one whole request."""
    ca: str = ""
    """PEM file with the authorities to trust instead of the system's."""

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[ReadingSink]:
        return _opened(self, around)

    @property
    def way(self) -> Way:
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return Way(self.url, self.timeout, {**self.headers, **bearer}, Tls(self.ca))


@asynccontextmanager
async def _opened(spec: SensorThings, around: Surroundings) -> AsyncIterator[ReadingSink]:
    async with uplink(spec.way, around) as http:
        server = Server(http, spec.url, around.clock)
        yield _Writer(server, Catalogue(server, around), spec.most)


class _Writer:
    def __init__(self, server: Server, catalogue: Catalogue, most: int) -> None:
        self._server, self._catalogue, self._most = server, catalogue, most
        self._sure, self._bulk = False, True

    async def write(self, readings: Sequence[Reading]) -> Sequence[tuple[Reading, str]]:
        refused: Refused = []
        lines: dict[str, list[Reading]] = {}
        streams: dict[str, Stream] = {}
        for reading in readings:
            if isinstance(reading.value, str):
                continue
            if not math.isfinite(reading.value):
                refused.append((reading, "not a finite number"))
                continue
            stream = await self._catalogue.stream(reading)
            streams[stream.link] = stream
            lines.setdefault(stream.link, []).append(reading)
        sure, self._sure = self._sure, False
        rows = [
            (streams[link], reading)
            for link, line in lines.items()
            for reading in (line if sure else await self._missing(streams[link], line))
        ]
        for start in range(0, len(rows), self._most):
            refused += await self._post(rows[start : start + self._most])
        self._sure = True
        return refused

    async def _missing(self, stream: Stream, line: Sequence[Reading]) -> list[Reading]:
        """Those of *line* that the server does not have."""
        times = [_at(reading) for reading in line]
        there = await self._server.points(stream, min(times), max(times))
        rest = [reading for reading in line if not _taken(there, _point(reading))]
        return [reading for reading in rest if not _taken(there, _second(reading))]

    async def _post(self, rows: Sequence[tuple[Stream, Reading]]) -> Refused:
        """Send *rows*; those that fail are sent again by halves until the guilty ones are alone."""
        if len(rows) == 1 or not self._bulk:
            return [bad for stream, reading in rows for bad in await self._single(stream, reading)]
        answer = await self._server.post("CreateObservations", _groups(rows))
        if answer.status in (404, 405, 501):
            self._bulk = False
            return await self._post(rows)
        failed = _failed(rows, answer)
        if failed is None:
            self._server.settle(answer)
            raise Retry(f"it does not say what became of the observations: {answer}")
        if len(failed) < len(rows):
            return await self._post(failed) if failed else []
        half = len(rows) // 2
        return [*await self._post(rows[:half]), *await self._post(rows[half:])]

    async def _single(self, stream: Stream, reading: Reading) -> Refused:
        body: dict[str, Any] = {"phenomenonTime": iso(_at(reading)), "result": reading.value}
        body["Datastream"] = {"@iot.id": stream.id}
        if stream.feature is not None:
            body["FeatureOfInterest"] = {"@iot.id": stream.feature}
        answer = await self._server.post("Observations", body)
        verdict = verdict_on(answer.status)
        if verdict == "reject":
            return [(reading, str(answer)[:200])]
        if answer.status in (404, 500):  # so servers call a Datastream that somebody deleted
            self._catalogue.forget(reading)
            raise Retry(str(answer))
        self._server.settle(answer)
        return []


def _failed(
    rows: Sequence[tuple[Stream, Reading]], answer: Answer
) -> Sequence[tuple[Stream, Reading]] | None:
    """Which of *rows* were not taken; None where the answer does not say."""
    if answer.status in (400, 413, 422):
        return rows
    told = answer.json()
    if answer.status != 201 or not isinstance(told, list) or len(told) != len(rows):
        return None
    return [row for row, said in zip(rows, told, strict=True) if said == "error"]


def _groups(rows: Sequence[tuple[Stream, Reading]]) -> list[dict[str, Any]]:
    """One for each run of rows of one Datastream, so that answers stand in the order of *rows*."""
    groups: list[dict[str, Any]] = []
    for stream, reading in rows:
        values = [iso(_at(reading)), reading.value]
        values += [stream.feature] if stream.feature is not None else []
        if groups and groups[-1]["Datastream"]["@iot.id"] == stream.id:
            groups[-1]["dataArray"].append(values)
            groups[-1]["dataArray@iot.count"] += 1
            continue
        groups.append(
            {
                "Datastream": {"@iot.id": stream.id},
                "components": _COMPONENTS[: len(values)],
                "dataArray@iot.count": 1,
                "dataArray": [values],
            }
        )
    return groups


def _at(reading: Reading) -> int:
    return reading.at if reading.measured_at is None else reading.measured_at


def _point(reading: Reading) -> Point:
    return _at(reading), float(reading.value)


def _second(reading: Reading) -> Point:
    """As servers tell of it that know no fractions of a second."""
    at = _at(reading)
    return at - at % 1000, float(reading.value)


def _taken(there: Counter[Point], point: Point) -> bool:
    """Take *point* off what is *there*; False where it is not."""
    if there[point] < 1:
        return False
    there[point] -= 1
    return True
