"""Rows whose checksum is wrong: told by whoever reads them, taken out by the writer."""

from collections import OrderedDict

KEEP = 1000
"""Damaged rows remembered until the writer takes them out."""


class Damage:
    """Found by the reading thread, taken by the writing one. A row is remembered once."""

    def __init__(self) -> None:
        self._rows: OrderedDict[tuple[str, int], str] = OrderedDict()
        self.suspect = ""
        """Why the file as a whole is suspected, '' if it is not."""

    def found(self, table: str, key: int, why: str) -> None:
        if len(self._rows) < KEEP:
            self._rows[table, key] = why

    def take(self) -> list[tuple[str, int, str]]:
        """(table, rowid, why), each once."""
        taken = []
        while self._rows:
            (table, key), why = self._rows.popitem(last=False)
            taken.append((table, key, why))
        return taken
