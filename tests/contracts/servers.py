"""Real time-series servers for tests and benchmarks, on free ports, in folders that go away."""

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

INFLUXD = shutil.which("influxd")
VICTORIA = shutil.which("victoria-metrics")

_CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{root}/meta"
  logging-enabled = false
[data]
  dir = "{root}/data"
  wal-dir = "{root}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:{http}"
  log-enabled = false
  auth-enabled = {auth}
[monitor]
  store-enabled = false
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A server that can be killed and started again where it was."""

    def __init__(self, command: list[str], url: str, ready: str, **how: Any) -> None:
        self._command, self.url, self._ready, self._how = command, url, ready, how
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._how
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}{self._ready}", timeout=1).close()
                return
            except urllib.error.HTTPError as answer:
                answer.close()
                return
            except OSError:
                time.sleep(0.05)
        self.kill()
        raise TimeoutError(f"{self._command[0]} did not come up")

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def influxd(root: Path, *, auth: bool = False) -> Iterator[Process]:
    """InfluxDB 1.x."""
    assert INFLUXD, "influxd is not installed"
    port, config = free_port(), root / "influxdb.conf"
    config.write_text(_CONFIG.format(root=root, rpc=free_port(), http=port, auth=str(auth).lower()))
    yield from _run(Process([INFLUXD, "-config", str(config)], f"http://127.0.0.1:{port}", "/ping"))


@contextmanager
def victoria_metrics(root: Path) -> Iterator[Process]:
    """VictoriaMetrics, which takes the write API of InfluxDB 2.x."""
    assert VICTORIA, "victoria-metrics is not installed"
    port = free_port()
    command = [
        VICTORIA,
        f"-storageDataPath={root}/vm",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-search.latencyOffset=0s",
    ]
    yield from _run(Process(command, f"http://127.0.0.1:{port}", "/health"))


def _run(process: Process) -> Iterator[Process]:
    process.start()
    try:
        yield process
    finally:
        process.kill()
