"""The process that judges trials, so that the gateway's own loop goes on: `gateway.trial_desk`
starts it and is the only one to talk to it.

In: 4 bytes of length, then a pickled Trial. Out: the same with an Outcome in msgpack.
"""

import copyreg
import io
import os
import pickle
import select
import struct
import sys

import msgspec

from gateway.trials import Trial, judge
from rules.expression import Expression

HEAD = struct.Struct(">I")
IDLE = 300.0
"""Seconds without a trial after which the process ends and gives its memory back."""
NICE = 10
"""Readings come first."""

# An expression is compiled; its text is all that there is to send.
copyreg.pickle(Expression, lambda expression: (Expression, (expression.text,)))


def framed(body: bytes) -> bytes:
    return HEAD.pack(len(body)) + body


def written(trial: Trial) -> bytes:
    return framed(pickle.dumps(trial))


def main(incoming: io.FileIO, outgoing: io.FileIO) -> None:
    """Judge what comes until the parent closes the pipe, or nothing comes for long."""
    with io.BufferedReader(incoming) as reader:
        while select.select([incoming], [], [], IDLE)[0]:
            head = reader.read(HEAD.size)
            if len(head) < HEAD.size:
                return
            trial = pickle.loads(reader.read(*HEAD.unpack(head)))  # noqa: S301 - see above
            body = framed(msgspec.msgpack.encode(judge(trial)))
            while body:
                body = body[outgoing.write(body) or 0 :]


if __name__ == "__main__":
    os.nice(NICE)
    main(
        io.FileIO(sys.stdin.fileno(), closefd=False),
        io.FileIO(sys.stdout.fileno(), "w", closefd=False),
    )
