"""Silences: what is known for a while and need not be told, with who says so and why.

A silence keeps incidents from opening, and does nothing else. Rules judge on, incidents that are
open go on and end as ever. What still holds when a silence ends opens at that instant, and its
first reason says what held it back.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Annotated, Any, NamedTuple, Self
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, field

from gateway.model import Millis, Reason, Subject
from rules.schedule import Schedule
from rules.selector import Names

Said = Annotated[str, Meta(min_length=1, max_length=500)]


class Moment(str):
    """A minute of the site's calendar, or an instant with its own offset; ISO 8601.

    >>> Moment.parse("2026-05-01 22:00"), Moment.parse(0)
    ('2026-05-01T22:00:00', '1970-01-01T00:00:00+00:00')
    """

    __slots__ = ()

    @classmethod
    def parse(cls, raw: Any) -> Self:
        """Read `2026-05-01`, `2026-05-01 22:00`, `…+08:00`, or milliseconds since 1970."""
        try:
            if isinstance(raw, int) and not isinstance(raw, bool):
                return cls(datetime.fromtimestamp(raw / 1000, UTC).isoformat())
            return cls(datetime.fromisoformat(raw).isoformat())
        except (TypeError, ValueError, OverflowError, OSError):
            raise ValueError(f"{raw!r} is no time; write 2026-05-01 22:00") from None

    def instant(self, zone: ZoneInfo) -> Millis:
        """Where it has no offset of its own, it is local time in *zone*."""
        found = datetime.fromisoformat(self)
        return round((found if found.tzinfo else found.replace(tzinfo=zone)).timestamp() * 1000)


class SilenceSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A silence, once (`until`) or again and again (`every`): a bin that is being replaced, the
    hours in which the lift is serviced. Every line that is given must fit.

    ```yaml
    silences:
      - id: street-works
        rules: [noise-*]
        place: [3 号楼]
        from: 2026-05-01 08:00
        until: 2026-05-03 18:00
        owner: 王敏
        reason: 道路施工
    ```
    """

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    rules: Names = Names()
    """Ids of rules; `*` and `?` stand for anything. All rules where it is left out."""
    devices: Names = Names()
    """Ids of sensors and cameras; `*` and `?` as above."""
    place: Names = Names()
    """Addresses, as the devices have them."""
    grid: Names = Names()
    """Grid codes, or how they begin."""
    start: Moment | None = field(name="from", default=None)
    """From when on, in local time; at once where it is left out."""
    until: Moment | None = None
    """Until when. A silence without `every` must end."""
    every: Schedule | None = None
    """Only in these hours: `sun 02:00-04:00`. May go on for ever."""
    owner: Said
    """Whom to ask about it."""
    reason: Said

    def __post_init__(self) -> None:
        if self.until is None and self.every is None:
            raise ValueError("until: say when it ends, or with `every` at which hours it holds")

    def covers(self, rule: str, subject: Subject) -> bool:
        """Whether it is about what *rule* says of *subject*."""
        codes = subject.place.codes
        return (
            _fits(rule, self.rules)
            and _fits(subject.id, self.devices)
            and _fits(subject.place.address, self.place)
            and (not self.grid or any(code.value.startswith(self.grid) for code in codes))
        )

    def ends(self, now: Millis, zone: ZoneInfo) -> Millis | None:
        """When it ends, for now; None where it does not hold at *now*."""
        until = None if self.until is None else self.until.instant(zone)
        if self.start is not None and now < self.start.instant(zone):
            return None
        if until is not None and now >= until:
            return None
        if self.every is None:
            return until
        hours = self.every.window(now, zone)
        if not hours.active:
            return None
        return hours.end if until is None else min(hours.end, until)

    def said(self) -> Reason:
        """For the incident that it held back, and for who asks why there is none."""
        what = f"{self.reason} ({self.owner})"
        text = f"held back by the silence {self.id}: {what}"
        return Reason(text, value=what, code="silenced")


class Hush(NamedTuple):
    """What keeps something quiet at an instant, and when to look again."""

    by: tuple[SilenceSpec, ...] = ()
    until: Millis | None = None


def hush(
    silences: Sequence[SilenceSpec],
    rule: str,
    subjects: Iterable[Subject],
    now: Millis,
    zone: ZoneInfo,
) -> Hush:
    """The silences that hold at *now* and together cover all of *subjects*; none where one of
    them is not covered: that one may be told."""
    active = [(one, end) for one in silences if (end := one.ends(now, zone)) is not None]
    used: dict[SilenceSpec, Millis] = {}
    for subject in subjects:
        found = [(one, end) for one, end in active if one.covers(rule, subject)]
        if not found:
            return Hush()
        used.update(found)
    return Hush(tuple(used), min(used.values(), default=None))


def _fits(name: str, patterns: Names) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)
