"""A whole gateway as its own process, on a site made for one test."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from gateway.api.auth import FILE, Token, Users, hash_token, write_users
from gateway.model import Incident, Reading
from gateway.store import Store, StoreSpec

TOKEN = "of-this-test-only"
PATIENCE = 30.0
"""Seconds after which something that should have happened counts as not happening."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def until(done: Any, what: str, patience: float = PATIENCE) -> Any:
    """Wait for *done()* to be true, and return it."""
    end = time.monotonic() + patience
    while not (found := done()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {patience:.0f} s: {what}")
        time.sleep(0.05)
    return found


class Box:
    """Starts, kills and looks into a gateway from outside, as a device or a person would."""

    def __init__(self, root: Path, parts: str = "", devices: str = "", cameras: str = "") -> None:
        self.root, self.mqtt, self.http = root, free_port(), free_port()
        (root / "rules").mkdir(parents=True, exist_ok=True)
        self.write(
            "gateway.yaml",
            f"""
site: {{id: test, name: Test, place: {{codes: [{{scheme: t, value: "1"}}], address: Gate 3}}}}
store: {{linger: 0s}}
console: {{listen: "127.0.0.1:{self.http}"}}
sources:
  - {{kind: mqtt_listener, id: listener, port: {self.mqtt}, anonymous: ["#"]}}
{parts}""",
        )
        self.write("devices.yaml", "devices:\n" + devices)
        self.write("cameras.yaml", "cameras:\n" + cameras)
        tokens = {"test": Token(role="admin", hash=hash_token(TOKEN))}
        write_users(root / FILE, Users(tokens=tokens))
        self._process: subprocess.Popen[bytes] | None = None

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def start(self, *, wait: bool = True, **environment: str) -> None:
        log = (self.root / "log").open("ab")
        command = [sys.executable, "-m", "gateway.cli", "run", str(self.root), "--log", "text"]
        with log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env={**_environment(), **environment}
            )
        if wait:
            until(self.listening, f"the listener opens\n{self.log()}")

    def listening(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.mqtt)) == 0

    def until_ok(self, part: str) -> None:
        """Wait until *part* of the gateway says that it is well."""

        def well() -> bool:
            parts = msgspec.json.decode(self.get("/health")).get("parts", [])
            return any(p["name"] == part and p["state"] == "ok" for p in parts)

        until(well, f"{part} is well\n{self.log()}")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """As a power cut does it to a process."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """As the service manager does it; returns the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(PATIENCE)
        self._process = None
        return code

    def close(self) -> None:
        if self._process is not None:
            self.kill()

    def log(self) -> str:
        path = self.root / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def publish(self, *messages: tuple[str, str | bytes], port: int | None = None) -> None:
        """Send with QoS 1; returns when every one was acknowledged."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", port or self.mqtt)
        client.loop_start()
        try:
            for sent in [client.publish(topic, payload, qos=1) for topic, payload in messages]:
                sent.wait_for_publish(PATIENCE)
                assert sent.is_published()
        finally:
            client.disconnect()
            client.loop_stop()

    def incidents(self) -> list[Incident]:
        """All of them, the newest first, as the API tells them."""
        found = self.get("/api/v1/incidents?all=true&limit=1000")
        return msgspec.json.decode(found, type=list[Incident])

    def get(self, path: str) -> bytes:
        """Ask the API as an administrator; waits while it is not up yet."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http}{path}", headers={"Authorization": f"Bearer {TOKEN}"}
        )

        def ask() -> bytes | None:
            try:
                with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                    return bytes(answer.read())
            except urllib.error.URLError as error:
                if isinstance(error.reason, ConnectionRefusedError):
                    return None
                raise

        return bytes(until(ask, f"the API answers\n{self.log()}"))


def stored(root: Path) -> list[Reading]:
    """Every reading in the journal of a gateway that does not run, in its order."""

    async def read() -> list[Reading]:
        store = Store.open(root / "data" / "linli.db", StoreSpec())
        try:
            found: list[Reading] = []
            cursor = 0
            while batch := (await store.journal.read(cursor, 10_000))[0]:
                found += batch
                _, cursor = await store.journal.read(cursor, 10_000)
            return found
        finally:
            store.close()

    return asyncio.run(read())


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k != "NOTIFY_SOCKET"}
