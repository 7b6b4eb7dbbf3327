"""A dict that forgets: the memory of codecs and caches, whatever somebody sends."""

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(dict[K, V]):
    """Holds the *limit* keys that came last; a further one pushes out the oldest.

    >>> few = Recent(limit=2)
    >>> few["a"], few["b"], few["c"] = 1, 2, 3
    >>> list(few)
    ['b', 'c']
    """

    def __init__(self, limit: int = 4096) -> None:
        super().__init__()
        self._limit = limit
        self.writes = 0
        """Grows with each key that is set: has anything changed since?"""

    def __setitem__(self, key: K, value: V) -> None:
        self.writes += 1
        if key not in self and len(self) >= self._limit:
            del self[next(iter(self))]
        super().__setitem__(key, value)
