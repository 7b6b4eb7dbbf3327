import io
import json
import logging
import socket
from pathlib import Path

import pytest

from gateway.service import notify, set_up_logs


def test_the_service_manager_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        assert notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert manager.recv(100) == b"READY=1"


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "/nowhere/notify"}])
def test_without_a_service_manager_nothing_happens(environment: dict[str, str]) -> None:
    assert not notify("READY=1", environment)


@pytest.fixture
def restored() -> object:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_logs_are_one_json_object_a_line(restored: object) -> None:
    out = io.StringIO()
    set_up_logs("json", stream=out)
    try:
        raise KeyError("gone")
    except KeyError:
        logging.getLogger("linli").exception("broke at %s\nhere", "垃圾桶")
    (line,) = out.getvalue().splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["part"], entry["message"]) == (
        "error",
        "linli",
        "broke at 垃圾桶\nhere",
    )
    assert "KeyError" in entry["trace"]


def test_a_line_break_in_a_message_forges_no_second_line(restored: object) -> None:
    out = io.StringIO()
    set_up_logs("text", stream=out)
    logging.getLogger("linli").info("name: x\n12:00:00 I linli: all is well")
    assert len(out.getvalue().splitlines()) == 1
    assert "\\n" in out.getvalue()


def test_what_is_no_terminal_gets_json(restored: object) -> None:
    out = io.StringIO()
    set_up_logs("auto", stream=out)
    logging.getLogger("linli").info("up")
    assert json.loads(out.getvalue())["message"] == "up"
