"""A platform as its own process: what it has answered for is in its file before it answers.

    python -m tests.faults.register PORT FILE [--early]

`--early` is the control: it answers first, and writes when it finds the time.
"""

import argparse
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Desk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    file: int
    early = False

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        line = f"{event['id']}\n".encode()
        if self.early:
            self._answer()
            threading.Timer(0.2, os.write, (self.file, line)).start()
            return
        os.write(self.file, line)
        os.fsync(self.file)
        time.sleep(0.002)  # room for a kill between what it has done and what it says
        self._answer()

    def _answer(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is told."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--early", action="store_true")
    args = parser.parse_args()
    Desk.file = os.open(args.file, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    Desk.early = args.early
    ThreadingHTTPServer(("127.0.0.1", args.port), Desk).serve_forever()


if __name__ == "__main__":
    main()
