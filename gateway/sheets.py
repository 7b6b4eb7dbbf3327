"""Tables as CSV that a spreadsheet opens as it is: UTF-8 with its mark, and nothing that it would
take for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is run by spreadsheets; an apostrophe makes it text (OWASP, CSV
injection)."""


def sheet(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """
    >>> sheet(["name", "n"], [["=1+1", -2]]).decode("utf-8-sig")
    "name,n\\r\\n'=1+1,-2\\r\\n"
    """
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return file.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
