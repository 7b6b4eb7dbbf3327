"""A few kills in the middle of `for`; `python -m tests.faults pending` makes two hundred."""

import random
from pathlib import Path

from tests.faults import pending


def test_what_was_pending_opens_when_it_would_have(tmp_path: Path) -> None:
    box = pending.killed(tmp_path / "site", 5, random.Random(4))
    try:
        wanted = pending.expected(pending.journal(box))
        assert wanted
        assert pending.told(box, wanted) == wanted
        assert {one.opened - one.since for one in wanted} == {int(pending.WAIT)}
    finally:
        box.close()
