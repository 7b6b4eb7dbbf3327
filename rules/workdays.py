"""Working days in mainland China: public holidays, and the weekends worked for them (调休).

From the State Council's yearly notices; the years here were compared with the PyPI package
chinesecalendar 1.11.0. A notice comes out in the November before: then add a line. Of a year that
is not here only the weekends are known.
"""

from datetime import date

_FREE = {
    2025: "0101 0128 0129 0130 0131 0203 0204 0404 0501 0502 0505 0602 "
    "1001 1002 1003 1006 1007 1008",
    2026: "0101 0102 0216 0217 0218 0219 0220 0223 0406 0501 0504 0505 0619 0925 "
    "1001 1002 1005 1006 1007",
}
"""Mondays to Fridays without work: month and day."""
_WORKED = {
    2025: "0126 0208 0427 0928 1011",
    2026: "0104 0214 0228 0509 0920 1010",
}
"""Saturdays and Sundays with work."""
YEARS = frozenset(_FREE)
"""The years that are known."""


def _days(table: dict[int, str]) -> frozenset[date]:
    return frozenset(
        date(year, int(text[:2]), int(text[2:]))
        for year, days in table.items()
        for text in days.split()
    )


FREE, WORKED = _days(_FREE), _days(_WORKED)


def is_workday(day: date) -> bool:
    """Whether people work on *day*.

    >>> is_workday(date(2026, 2, 14)), is_workday(date(2026, 2, 16))
    (True, False)
    """
    return day in WORKED or (day.weekday() < 5 and day not in FREE)
