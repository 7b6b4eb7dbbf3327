"""InfluxDB 2.x and 3 through the official client, which blocks: each call in a thread.

Imported only where such a server is configured: the client alone is 50 MB.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService
from urllib3.exceptions import HTTPError, SSLError

from gateway.line_protocol import packed
from gateway.ports import Barred, Retry
from gateway.uplink import Answer


class Account(NamedTuple):
    """Where to write, and as whom. `timeout` in milliseconds; `ca`: PEM file to trust."""

    url: str
    org: str
    bucket: str
    token: str
    timeout: int
    ca: str | None


@contextmanager
def connected(account: Account) -> Iterator["Server"]:
    with InfluxDBClient(
        account.url,
        token=account.token,
        org=account.org,
        timeout=int(account.timeout),
        ssl_ca_cert=account.ca,
        retries=False,
    ) as client:
        yield Server(account, client)


class Server:
    """Writes ready-made lines. Its own retries are off: custody is the journal's."""

    def __init__(self, account: Account, client: InfluxDBClient) -> None:
        self._bucket, self._org = account.bucket, account.org
        self._service = WriteService(client.api_client)  # type: ignore[no-untyped-call]  # generated

    async def post(self, lines: bytes) -> Answer:
        return await asyncio.to_thread(self._post, lines)

    def _post(self, lines: bytes) -> Answer:
        try:
            self._service.post_write(  # type: ignore[no-untyped-call]  # generated
                self._org,
                self._bucket,
                packed(lines),
                precision="ns",
                content_type="text/plain; charset=utf-8",
                content_encoding="gzip",
            )
        except ApiException as answer:
            body = answer.body or b""
            return Answer(
                answer.status or 0,
                answer.headers or {},
                body.encode() if isinstance(body, str) else body,
            )
        except SSLError as failure:
            raise Barred(f"no safe connection: {failure}") from failure
        except HTTPError as failure:
            raise Retry(str(failure)) from failure
        return Answer(204, {}, b"")
