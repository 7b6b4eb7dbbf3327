"""The rules of cases/*.yaml, and the devices and cameras that they are tried on."""

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from config.suites import suites
from gateway.model import Duration, Place, Subject
from rules.rule import Rule

MINUTE = 60_000
T0 = 1_704_031_200_000 - 90 * MINUTE
"""Half past twelve at night in UTC less 90 minutes: schedules turn within the hours below."""
END = T0 + 400 * MINUTE

RULES: Sequence[Rule] = [
    replace(
        rule,
        id=f"{Path(suite.file).stem}-{rule.id}",
        unless=tuple(f"{Path(suite.file).stem}-{id}" for id in rule.unless),
    )
    for suite in suites(Path(__file__).parent / "cases")
    for rule in suite.rules
]
STAIR, YARD = Place(address="stair 3"), Place(address="yard")
SUBJECTS = {
    "a": Subject("a", place=STAIR, period=Duration.parse("3m")),
    "b": Subject("b", place=STAIR, period=Duration.parse("9m"), tags=frozenset({"router"})),
    "c": Subject("c", place=YARD),
    "cam-1": Subject("cam-1", place=STAIR),
}
