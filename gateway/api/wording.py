"""Words, amounts, spans and hours in one of the console's languages."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from devices import quantity
from gateway.console import texts
from rules.schedule import DAYS, FREEDAYS, WORKDAYS, Schedule

WORDS: Mapping[str, Mapping[str, str]] = yaml.safe_load(
    Path(__file__).with_name("sentences.yaml").read_text("utf-8")
)
UNITS = {"Cel": "°C", "1": "", "deg": "°", "[ppm]": "ppm", "[ppb]": "ppb"}
UNITS |= {"ug/m3": "µg/m³", "mg/m3": "mg/m³", "m3": "m³", "m3/h": "m³/h"}
"""UCUM -> what people write, where that differs."""
_STEPS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000))


class Words(NamedTuple):
    language: str

    def say(self, key: str, **values: object) -> str:
        return WORDS[key][self.language].format(**values)

    def either(self, words: Iterable[str]) -> str:
        return self.say("or").join(words)

    def name(self, prefix: str, word: str) -> str:
        known = _names().get(f"{prefix}.{word}", {}).get(self.language)
        text = known or word.replace("_", " ")
        return text[:1].lower() + text[1:] if text[1:2].islower() else text

    def amount(self, of: str, value: float) -> str:
        found = quantity.find(of)
        unit = UNITS.get(found.unit, found.unit) if found else ""
        return f"{value:g}%" if unit == "%" else f"{value:g} {unit}".rstrip()

    def span(self, length: int) -> str:
        parts, left = [], length
        for unit, size in _STEPS:
            n, left = divmod(left, size)
            shown = n + left / size if unit == "s" else n
            if shown:
                parts.append(self.say(f"unit.{unit}", n=f"{shown:g}"))
        return " ".join(parts) or self.say("unit.s", n=0)

    def hours(self, schedule: Schedule) -> str:
        said = []
        for span in schedule:
            whole = span.end - span.start == 24 * 60
            times = "" if whole else f"{_time(span.start)}–{_time(span.end)}"
            days = "" if len(span.days) == len(DAYS) and not whole else self._days(span.days)
            said.append(f"{days} {times}".strip())
        return ", ".join(said)

    def _days(self, days: frozenset[int]) -> str:
        if len(days) == len(DAYS):
            return self.say("daily")
        named = [self.say(f"day.{day}") for day in sorted(days) if day < len(DAYS)]
        if len(named) > 2 and max(d for d in days if d < 7) - min(days) == len(named) - 1:
            named = [f"{named[0]}–{named[-1]}"]
        extra = {WORKDAYS: "workdays", FREEDAYS: "freedays"}
        return ", ".join([*named, *(self.say(extra[day]) for day in sorted(days) if day in extra)])


@cache
def _names() -> dict[str, dict[str, str]]:
    return texts.entries()


def _time(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"
