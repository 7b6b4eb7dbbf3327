"""The process that runs one backtest, so that the gateway's own loop goes on: started by
`gateway.backtest_jobs`, which is the only one to talk to it.

In: a pickled Job. Out: lines of JSON, `{"progress": 0.4}` and at last `{"result": {…}}`.
"""

import json
import os
import pickle
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gateway import backtests
from gateway.backtest_report import plain
from gateway.backtests import Progress, Question
from gateway.model import Subject
from gateway.trial_worker import NICE  # which also knows how an expression is sent

MOST_EPISODES = 500
"""Of each variant, the latest ones; the counts are of all."""


class Job(NamedTuple):
    """What to judge, over which store."""

    store: Path
    question: Question


def written(job: Job) -> bytes:
    return pickle.dumps(job)


def judged(job: Job, progress: Progress) -> dict[str, Any]:
    """What `linli rules backtest --json` says; of long lists only the latest."""
    result = plain(job.question, backtests.run(job.store, job.question, progress))
    for variant in result["variants"]:
        for name in ("new", "gone", "episodes"):
            variant[name] = variant[name][-MOST_EPISODES:]
    return result


def main() -> None:
    job = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - the parent's own, see above
    _say({"result": judged(job, _teller(job.question.subjects))})


def _teller(subjects: Mapping[str, Subject]) -> Progress:
    """Devices come in the order of their ids."""
    order = {id: n for n, id in enumerate(sorted(subjects), 1)}

    def tell(device: str, readings: int) -> None:
        _say({"progress": round(order.get(device, 0) / max(len(order), 1), 3)})

    return tell


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.nice(NICE)
    main()
