"""One connection to NATS JetStream, and what its failures mean. Made of `nats-py`."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from nats.aio.client import Client
from nats.errors import (
    AuthorizationError,
    Error,
    InvalidUserCredentialsError,
    MaxPayloadError,
    NoServersError,
)
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NoStreamResponseError

from gateway.ports import Barred, Reject, Retry

TOO_LARGE = 10054
"""JetStream's own code for a message that is larger than the stream takes."""


class Publisher:
    """`said` is what the server told last besides answers."""

    def __init__(self, stream: JetStreamContext, said: list[str]) -> None:
        self._stream, self._said = stream, said

    async def __call__(
        self, subject: str, payload: bytes, stream: str, headers: Mapping[str, str]
    ) -> None:
        """Returns when a stream has it; raises Retry, Barred or Reject."""
        try:
            await self._stream.publish(
                subject, payload, stream=stream or None, headers=dict(headers)
            )
        except NoStreamResponseError as failure:
            raise Barred(f"no stream listens to {subject}; make one that does") from failure
        except MaxPayloadError as failure:
            raise Reject("it is larger than the server takes") from failure
        except APIError as failure:
            raise _refused(failure) from failure
        except (Error, TimeoutError) as failure:
            raise _unanswered(failure, self._said) from failure
        except ValueError as failure:  # it is no JSON, or not the answer to this
            raise Retry(f"the server answers nonsense: {failure}") from failure


@asynccontextmanager
async def connected(
    url: str, name: str, seconds: float, trust: ssl.SSLContext | None, login: Mapping[str, Any]
) -> AsyncIterator[Publisher]:
    """*seconds* for connecting and for each acknowledgement; *login* as the client calls it."""
    said: list[str] = []

    async def note(error: Exception) -> None:
        said[:] = [str(error) or type(error).__name__]

    connection = Client()
    try:
        async with asyncio.timeout(seconds):
            await connection.connect(
                url,
                name=name,
                allow_reconnect=False,  # the delivery opens a new one, at its own pace
                connect_timeout=max(1, round(seconds)),
                error_cb=note,
                tls=trust,
                **login,
            )
    except TimeoutError as failure:
        await connection.close()
        raise Retry("no connection in time") from failure
    except Error as failure:
        await connection.close()
        raise _unconnected(failure, said) from failure
    try:
        yield Publisher(connection.jetstream(timeout=seconds), said)
    finally:
        await connection.close()


def _refused(failure: APIError) -> Exception:
    why = f"{failure.code} {failure.description}"
    if failure.err_code == TOO_LARGE:
        return Reject(why)
    if failure.code in (400, 401, 403, 404):  # another stream than expected, no right
        return Barred(f"{why}; check the stream's name and subjects, and the rights")
    return Retry(why)


def _unanswered(failure: Exception, said: list[str]) -> Retry:
    if any("permissions violation" in text.lower() for text in said):
        return Barred(f"{said[-1]}; give this gateway the right to publish")
    return Retry(str(failure) or "no answer in time")


def _unconnected(failure: Exception, said: list[str]) -> Retry:
    why = said[-1] if isinstance(failure, NoServersError) and said else str(failure)
    not_welcome = AuthorizationError, InvalidUserCredentialsError
    if isinstance(failure, not_welcome) or "authorization" in why.lower():
        return Barred(f"{why}; check the user, the password or the token")
    return Retry(why)
