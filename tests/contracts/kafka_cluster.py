"""The mock cluster of librdkafka: brokers of the same C library, that speak the real protocol.

It tells its clients its own address. To put a bad line in between, a relay behind the line tells
them the line's address instead.
"""

import asyncio
import contextlib
import importlib.util
from collections.abc import AsyncIterator, Iterator

import pytest

HERE = importlib.util.find_spec("confluent_kafka") is not None
needed = pytest.mark.skipif(not HERE, reason="confluent-kafka is not installed (linli[kafka])")


@contextlib.contextmanager
def cluster(*topics: str) -> Iterator[int]:
    """The port of its only broker. *topics* are there."""
    from confluent_kafka import Producer
    from confluent_kafka.admin import AdminClient

    admin = AdminClient({"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "log_level": 0})
    (broker,) = admin.list_topics(timeout=10).brokers.values()
    maker = Producer({"bootstrap.servers": f"127.0.0.1:{broker.port}", "log_level": 0})
    for topic in topics:  # to ask makes it, unless one says not to
        maker.list_topics(topic, timeout=10)
    yield broker.port
    del maker, admin


def written(port: int, topic: str, settle: float = 0.3) -> list[tuple[str, bytes, dict[str, str]]]:
    """Everything in *topic*, in order: key, value, headers."""
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer(
        {
            "bootstrap.servers": f"127.0.0.1:{port}",
            "group.id": "test",
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    found = []
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        for number in partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)
            if low == high:
                continue
            consumer.assign([TopicPartition(topic, number, low)])
            while low < high:
                message = consumer.poll(10)
                assert message is not None, "the cluster does not give back what it took"
                if message.error():
                    raise AssertionError(message.error())
                low = message.offset() + 1
                headers = {name: value.decode() for name, value in message.headers() or ()}
                found.append((message.key().decode(), message.value(), headers))
    finally:
        consumer.close()
    return found


@contextlib.asynccontextmanager
async def relay(port: int) -> AsyncIterator["Relay"]:
    """To the broker at *port*; set `told` to the port that clients shall hear of."""
    one = Relay(port)
    server = await asyncio.start_server(one.accept, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        for task in one.tasks:
            task.cancel()
        if one.tasks:
            await asyncio.wait(one.tasks)
        await server.wait_closed()


class Relay:
    def __init__(self, broker: int) -> None:
        self._broker = broker
        self.port = self.told = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._broker)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(_carry(reader, far_writer))
                    both.create_task(_carry(far_reader, writer, self._swap))
            finally:
                far_writer.close()
        writer.close()

    def _swap(self, frame: bytes) -> bytes:
        """A port follows its host in four bytes, so nothing else moves."""
        mine, theirs = (b"127.0.0.1" + n.to_bytes(4, "big") for n in (self._broker, self.told))
        return frame.replace(mine, theirs)


async def _carry(reader, writer, change=bytes) -> None:
    """Frame by frame: four bytes of length, then so many."""
    with contextlib.suppress(asyncio.IncompleteReadError, OSError):
        while True:
            head = await reader.readexactly(4)
            body = await reader.readexactly(int.from_bytes(head, "big"))
            writer.write(head + change(body))
            await writer.drain()
    writer.close()
