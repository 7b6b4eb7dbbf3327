"""Tells apart what one message says several times: four probes of one device.

{"sensor_1":{"temperature":23.1},"sensor_2":{"temperature":22.8}}
  -> d#sensor_1 temperature 23.1,  d#sensor_2 temperature 22.8
{"Temperature":20,"temperature":99}
  -> temperature 99 (its right name); the other is refused, not silently overwritten
"""

from collections.abc import Sequence

from msgspec.structs import replace

from devices.codec import Value
from devices.quantity import canonical
from devices.registry import PART

_Key = tuple[str, str, int | None, str]


def tell_apart(values: Sequence[Value]) -> tuple[Sequence[Value], list[Value]]:
    """(values of which none has the name of another, values that came under one name twice)."""
    if len(values) < 2:
        return values, []
    groups: dict[_Key, list[Value]] = {}
    for value in values:
        key = (value.device, canonical(value.quantity), value.measured_at, value.unit)
        groups.setdefault(key, []).append(value)
    if len(groups) == len(values):
        return values, []
    kept: list[Value] = []
    twice: list[Value] = []
    for (_, name, _, _), group in groups.items():
        single, again = _without_twins(name, group)
        kept += _named(name, single)
        twice += again
    return kept, twice


def _without_twins(name: str, group: list[Value]) -> tuple[list[Value], list[Value]]:
    """One place in the message, spelt twice, is one value: the one that is spelt right."""
    by_place: dict[str, Value] = {}
    again = []
    for value in group:
        place = value.path.lower() or str(len(by_place))
        other = by_place.get(place)
        if other is None:
            by_place[place] = value
        elif value.quantity == name:
            again.append(other)
            by_place[place] = value
        else:
            again.append(value)
    return list(by_place.values()), again


def _named(name: str, group: list[Value]) -> list[Value]:
    """Each with the first part of its path that the others do not share."""
    if len(group) < 2 or not all(value.path for value in group):
        return group
    paths = [value.path.split(".") for value in group]
    same = 0
    while all(len(p) > same + 1 and p[same] == paths[0][same] for p in paths):
        same += 1
    names = [path[same] for path in paths]
    if len(set(names)) < len(names):
        names = [".".join(path[same:]) for path in paths]
    return [
        value if value.path == name or PART in value.device else _part(value, part)
        for value, part in zip(group, names, strict=True)
    ]


def _part(value: Value, part: str) -> Value:
    return replace(value, device=f"{value.device}{PART}{part[:64]}")
