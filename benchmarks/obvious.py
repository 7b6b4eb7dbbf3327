"""What one would write first: aiomqtt, json, pydantic, and a commit for each reading. Runs in the
environment that `benchmarks.peers` makes for it.

    python obvious.py PORT DATABASE
"""

import asyncio
import json
import sqlite3
import sys

import aiomqtt
from pydantic import BaseModel


class Reading(BaseModel):
    battery: int
    humidity: float
    linkquality: int
    temperature: float
    voltage: int
    last_seen: str
    update_available: bool


async def main(port: int, database: str) -> None:
    db = sqlite3.connect(database)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE reading (topic, temperature, humidity, body)")
    async with aiomqtt.Client("127.0.0.1", port, identifier="obvious") as client:
        await client.subscribe("zigbee2mqtt/#", qos=1)
        async for message in client.messages:
            reading = Reading(**json.loads(message.payload))
            if reading.temperature > 60 or reading.humidity > 95:
                print("alarm", message.topic, flush=True)
            row = str(message.topic), reading.temperature, reading.humidity, message.payload
            db.execute("INSERT INTO reading VALUES (?, ?, ?, ?)", row)
            db.commit()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
