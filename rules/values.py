"""Values that mean something, as operators write them."""

from typing import Any, Self

from gateway.model import Duration


class Span(Duration):
    """A duration that is longer than nothing."""

    @classmethod
    def parse(cls, raw: Any) -> Self:
        span = super().parse(raw)
        if span <= 0:
            raise ValueError("it must be longer than 0s")
        return span


class Values(tuple[float | str, ...]):
    """One value or a list of them.

    >>> Values.parse(1), Values.parse(["open", "ajar"])
    ((1.0,), ('open', 'ajar'))
    """

    @classmethod
    def parse(cls, raw: Any) -> Self:
        listed = raw if isinstance(raw, list | tuple) else [raw]
        if not listed or not all(isinstance(v, str | int | float) for v in listed):
            raise ValueError(f"{raw!r} is not a number, a word, or a list of them")
        return cls(float(v) if isinstance(v, int) else v for v in listed)
