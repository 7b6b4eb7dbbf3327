"""One producer of Apache Kafka, and what its failures mean. Made of `confluent-kafka`, whose C
library has threads of its own; nothing of ours runs in them but the noting of an error."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from gateway.ports import Barred, Reject, Retry

GRACE = 1.0
"""Seconds longer than the time-out of a message that its report may take."""
_BARRED = {
    KafkaError.UNKNOWN_TOPIC_OR_PART: "make the topic, or correct its name",
    KafkaError._UNKNOWN_TOPIC: "make the topic, or correct its name",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "give this gateway the right to write there",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "give this gateway the right to write there",
    KafkaError._AUTHENTICATION: "check the user and the password",
    KafkaError.SASL_AUTHENTICATION_FAILED: "check the user and the password",
    KafkaError._SSL: "check the certificates",
}
_REJECTED = (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG, KafkaError.INVALID_RECORD)


class Publisher:
    """`said` is what went wrong last with the connection."""

    def __init__(self, producer: Producer, seconds: float, said: list[KafkaError]) -> None:
        self._producer, self._seconds, self._said = producer, seconds, said

    async def __call__(
        self, topic: str, key: str, payload: bytes, headers: Mapping[str, str]
    ) -> None:
        """Returns when all replicas in step have it; raises Retry, Barred or Reject."""
        try:
            await asyncio.to_thread(self._write, topic, key, payload, headers)
        except asyncio.CancelledError:
            self._producer.purge()  # and the thread ends
            raise

    def _write(self, topic: str, key: str, payload: bytes, headers: Mapping[str, str]) -> None:
        reports: list[KafkaError | None] = []
        try:
            self._producer.produce(
                topic,
                payload,
                key,
                headers={name: value.encode() for name, value in headers.items()},
                on_delivery=lambda error, _: reports.append(error),
            )
            self._producer.flush(self._seconds + GRACE)
        except KafkaException as failure:
            raise _failed(failure.args[0], []) from failure
        if not reports:
            self._producer.purge()
            raise Retry("no answer in time")
        if (error := reports[0]) is not None:
            raise _failed(error, [*self._said, *self._absent(topic, error)])

    def _absent(self, topic: str, error: KafkaError) -> list[KafkaError]:
        """Why a message ran out of time: while a topic is not there the library waits for it."""
        if error.code() != KafkaError._MSG_TIMED_OUT:
            return []
        try:
            found = self._producer.list_topics(topic, timeout=GRACE).topics[topic].error
        except KafkaException:
            return []
        return [found] if found else []


@asynccontextmanager
async def connected(settings: Mapping[str, Any], seconds: float) -> AsyncIterator[Publisher]:
    """*settings* as librdkafka calls them; *seconds* for each message."""
    said: list[KafkaError] = []

    def note(error: KafkaError) -> None:
        said[:] = [error]

    try:
        producer = Producer({**settings, "error_cb": note})
    except KafkaException as failure:  # a file that is not there, a setting it does not know
        raise Barred(f"{failure.args[0].str()}") from failure
    try:
        yield Publisher(producer, seconds, said)
    finally:
        producer.purge()
        await asyncio.to_thread(producer.flush, GRACE)


def _failed(error: KafkaError, said: Sequence[KafkaError]) -> Exception:
    """What *error* of a message means, or what was *said* before it ran out of time."""
    for one in (error, *said):
        if one.code() in _REJECTED:
            return Reject(one.str())
        if advice := _BARRED.get(one.code()):
            return Barred(f"{one.str()}; {advice}")
    return Retry(said[-1].str() if said else error.str())
