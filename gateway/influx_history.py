"""The past as it stands in an InfluxDB, for backtests: by InfluxQL, `/query`.

    {"results": [{"series": [{"name": "fill_level", "tags": {"device": "bin-3", "unit": "%"},
      "columns": ["time", "value", "text", "quality"],
      "values": [[1800000000000412000, 97, null, 0]]}]}]}

InfluxDB 1.x has it, 3 has it, 2.x where the bucket is mapped to a database. There the time is the
device's own where it has one (`gateway.line_protocol`), so what came late is judged as if it had
come in time. What the sink could not write is not there.
"""

import http.client
import ssl
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import numpy as np

from gateway.model import Millis
from gateway.sinks.influx import Influx
from gateway.store.history import Columns

ROWS = 50_000
"""Of one piece of an answer."""
LARGEST = 64 * 1024 * 1024
"""Bytes of one piece."""
NANOS = 1_000_000
TEXTS, NUMBERS = "text", "value"


class NoAnswer(Exception):
    """The server cannot be asked, or refuses to tell; why, in words."""


class _Series(msgspec.Struct):
    name: str
    values: list[list[Any]]
    columns: list[str]
    tags: dict[str, str] = {}


class _Result(msgspec.Struct):
    series: list[_Series] = []
    error: str = ""


class _Answer(msgspec.Struct):
    results: list[_Result] = []
    error: str = ""


class InfluxHistory:
    """Reads what the sink *spec* has written; *root* is the site's folder."""

    def __init__(self, spec: Influx, root: Path) -> None:
        self._spec, self._root = spec, root

    def scan(
        self, start: Millis, end: Millis, device: str | None = None, quantity: str | None = None
    ) -> Iterator[Columns]:
        """Every reading with start <= time < end: one device after the other, of each one series
        after the other, in pieces. Raises NoAnswer."""
        measurement = "/.*/" if quantity is None else _identifier(quantity)
        span = f"time >= {start}ms AND time < {end}ms"
        fixed = "".join(
            f" AND {_identifier(key)} = {_text(value)}" for key, value in self._spec.tags.items()
        )
        for name in [device] if device is not None else self._devices():
            where = f"device = {_text(name)} AND {span}{fixed}"
            what = f"SELECT value, text, quality FROM {measurement}"  # noqa: S608 - names are quoted
            yield from map(_columns, self._ask(f"{what} WHERE {where} GROUP BY device, unit"))

    def _devices(self) -> Sequence[str]:
        found = self._ask('SHOW TAG VALUES WITH KEY = "device"')
        return sorted({str(row[1]) for series in found for row in series.values})

    def _ask(self, query: str) -> Iterator[_Series]:
        spec = self._spec
        asked = {
            "db": spec.bucket,
            "epoch": "ns",
            "chunked": "true",
            "chunk_size": ROWS,
            "q": query,
        }
        login = {"u": spec.user, "p": spec.password} if spec.user else {}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if spec.token:
            headers["Authorization"] = f"Token {spec.token}"
        try:
            with closing(self._connection()) as line:
                path = f"{urlsplit(spec.url).path.rstrip('/')}/query"
                line.request("POST", path, urlencode(asked | login), headers)
                answer = line.getresponse()
                while piece := answer.readline(LARGEST):
                    yield from _read(piece, answer.status)
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(f"{spec.url}: {error}") from error

    def _connection(self) -> http.client.HTTPConnection:
        where, seconds = urlsplit(self._spec.url), self._spec.timeout.seconds
        if where.scheme == "http":
            return http.client.HTTPConnection(where.hostname or "", where.port, timeout=seconds)
        ca = str(self._root / self._spec.ca) if self._spec.ca else None
        trust = ssl.create_default_context(cafile=ca)
        return http.client.HTTPSConnection(
            where.hostname or "", where.port, timeout=seconds, context=trust
        )


def _read(piece: bytes, status: int) -> Iterator[_Series]:
    try:
        answer = msgspec.json.decode(piece, type=_Answer)
    except msgspec.DecodeError:
        raise NoAnswer(f"status {status}, and no answer in JSON: {piece[:80]!r}") from None
    errors = [answer.error, *(result.error for result in answer.results)]
    if why := next(filter(None, errors), ""):
        raise NoAnswer(why)
    yield from (series for result in answer.results for series in result.series)


def _columns(series: _Series) -> Columns:
    place = {name: n for n, name in enumerate(series.columns)}
    rows = series.values
    at = np.array([row[0] for row in rows], np.int64) // NANOS
    value = np.array([_or_nan(row[place[NUMBERS]]) for row in rows], np.float64)
    quality = np.array([row[place["quality"]] or 0 for row in rows], np.uint16)
    said = {n: row[place[TEXTS]] for n, row in enumerate(rows) if row[place[TEXTS]] is not None}
    tags = series.tags
    return Columns(
        tags.get("device", ""), series.name, at, value, quality, said, tags.get("unit", ""), at
    )


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _identifier(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
