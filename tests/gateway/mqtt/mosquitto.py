"""A real mosquitto on a free port, and certificates made for the test."""

import asyncio
import contextlib
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

BROKER = shutil.which("mosquitto") or (
    "/usr/sbin/mosquitto" if Path("/usr/sbin/mosquitto").exists() else ""
)
needed = pytest.mark.skipif(not BROKER, reason="mosquitto is not installed (apt: mosquitto)")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Mosquitto:
    """*conf* is what stands in the file besides the listener and the folder."""

    def __init__(self, folder: Path, conf: str) -> None:
        self.folder, self.port = folder, free_port()
        self._process: asyncio.subprocess.Process | None = None
        self._conf = folder / "mosquitto.conf"
        self._conf.write_text(
            f"listener {self.port} 127.0.0.1\n{conf}\n"
            f"persistence_location {folder}/\nlog_dest file {folder}/log\nuser root\n"
        )

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(BROKER, "-c", str(self._conf))
        async with asyncio.timeout(10):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.transport.abort()
                    return
                await asyncio.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def stop(self, *, kill: bool = False) -> None:
        if self._process and self._process.returncode is None:
            self._process.kill() if kill else self._process.terminate()
            await self._process.wait()


@contextlib.asynccontextmanager
async def mosquitto(folder: Path, conf: str = "allow_anonymous true") -> AsyncIterator[Mosquitto]:
    broker = Mosquitto(folder, conf)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()
        await asyncio.sleep(0.01)


def certificates(folder: Path) -> None:
    """ca.pem, other-ca.pem, and server and client certificates (*.pem, *.key) of the first."""

    def openssl(*args: str) -> None:
        subprocess.run(("openssl", *args), cwd=folder, check=True, capture_output=True)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    for name in ("ca", "other-ca"):
        openssl("req", "-x509", *curve, "-days", "2", "-subj", f"/CN={name}",
                "-keyout", f"{name}.key", "-out", f"{name}.pem")  # fmt: skip
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost")
    for name in ("server", "client"):
        openssl("req", *curve, "-subj", f"/CN={name}", "-keyout", f"{name}.key",
                "-out", f"{name}.csr")  # fmt: skip
        openssl("x509", "-req", "-days", "2", "-in", f"{name}.csr", "-CA", "ca.pem",
                "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "san",
                "-out", f"{name}.pem")  # fmt: skip
