"""What goes to and fro between a sink and its platform, for the person who connects them.

Nobody listens but `linli sinks test`; then each step is one line. Addresses are told without their
query, and headers not at all, for passwords stand there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, bytes], None]
"""Takes a step in words, and what was sent in it."""

_listener: ContextVar[Listener | None] = ContextVar("exchange", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """*listener* hears every step that is made within."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


def step(words: str, sent: bytes = b"") -> None:
    """Tell who listens, if anybody does."""
    if listener := _listener.get():
        listener(words, sent)
