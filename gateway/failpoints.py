"""Named places at which a test may kill the process: `LINLI_FAILPOINT=name:n` dies at the n-th.

Off in normal life, where `hit` is one comparison. The names are listed in `NAMES`, so that a
test can prove that it has been through all of them.
"""

import os
import signal

NAMES = (
    "commit.begin",
    "commit.written",
    "commit.durable",
    "compact.chunks",
    "compact.durable",
    "retention.deleted",
    "checkpoint.begin",
    "migrate.statement",
    "reopen.closed",
    "restamp.slice",
    "salvage.moved",
    "salvage.copied",
    "workshop.decided",
    "workshop.written",
)

_name, _, _count = os.environ.get("LINLI_FAILPOINT", "").partition(":")
_left = int(_count or 1)
if _name and _name not in NAMES:
    raise SystemExit(f"LINLI_FAILPOINT={_name}: no such failpoint; there are {', '.join(NAMES)}")


def hit(name: str) -> None:
    """Die here, as by `kill -9`, if the environment says so."""
    global _left
    if name != _name:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
