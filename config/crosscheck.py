"""What is wrong with a site though each of its entries is right by itself."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import fields

from config.build import nearest
from config.located import Document, Keys, Problem
from devices.decoder import codecs
from gateway.ports import SinkSpec

FILES = frozenset({"certificate", "key", "client_ca", "ca", "tls_cert", "tls_key"})
"""Fields that name a file of the site."""
_MAKES = {"kinds": "reports", "rules": "is called"}


class Entry(NamedTuple):
    """A spec with the place where it is written."""

    spec: Any
    document: Document
    keys: Keys


def twice(kind: str, entries: list[Entry]) -> Iterator[Problem]:
    first: dict[str, Entry] = {}
    for entry in entries:
        name = entry.spec.id
        if name not in first:
            first[name] = entry
            continue
        other = first[name]
        where = f"{other.document.file}:{other.document.line(other.keys)}"
        what = f"the {kind} {name!r} stands twice; the first is at {where}"
        yield entry.document.problem((*entry.keys, "id"), what)


def odd_shadows(
    shadows: list[Entry], rules: list[Entry], devices: list[Entry], cameras: list[Entry]
) -> Iterator[Problem]:
    """Rules on trial that stand beside no rule, or that name what is not there."""
    ids = {entry.spec.id for entry in rules}
    for shadow in shadows:
        if shadow.spec.id not in ids:
            what = f"there is no rule {shadow.spec.id!r} that it would replace"
            yield shadow.document.problem((*shadow.keys, "id"), what + nearest(shadow.spec.id, ids))
    yield from loose_ends(shadows, devices, cameras, ids)


def loose_ends(
    rules: list[Entry],
    devices: list[Entry],
    cameras: list[Entry],
    others: Collection[str] = (),
) -> Iterator[Problem]:
    """Rules that name a device, a camera, or a rule that is not there and not one of *others*."""
    names = {
        "devices": {entry.spec.id for entry in devices},
        "cameras": {entry.spec.id for entry in cameras},
    }
    ids = {entry.spec.id for entry in rules} | set(others)
    for rule in rules:
        for name in rule.spec.unless:
            if name not in ids:
                what = f"there is no rule {name!r}{nearest(name, ids)}"
                yield rule.document.problem((*rule.keys, "unless"), what)
        for field, known in names.items():
            for name in getattr(rule.spec.select, field, ()):
                if name not in known and not any(c in name for c in "*?["):
                    what = f"there is no {field[:-1]} {name!r}{nearest(name, known)}"
                    yield rule.document.problem((*rule.keys, "select", field), what)


def vain_silences(
    silences: list[Entry], rules: list[Entry], devices: list[Entry]
) -> Iterator[Problem]:
    """Silences that name a rule, a device or a camera that is not there."""
    names = {
        "rules": {entry.spec.id for entry in rules},
        "devices": {entry.spec.id for entry in devices},
    }
    for silence in silences:
        for field, known in names.items():
            for name in getattr(silence.spec, field):
                if name not in known and not any(c in name for c in "*?["):
                    what = f"there is no {field[:-1]} {name!r}{nearest(name, known)}"
                    yield silence.document.problem((*silence.keys, field), what)


def dead_ends(sinks: list[Entry], rules: list[Entry]) -> Iterator[Problem]:
    """Routes that name a rule, or a kind of incident, that is not there: nothing would go."""
    names = {
        "kinds": {entry.spec.incident for entry in rules},
        "rules": {entry.spec.id for entry in rules},
    }
    for sink in sinks:
        for field, known in names.items() if isinstance(sink.spec, SinkSpec) else ():
            for name in getattr(sink.spec.route, field) or ():
                if name not in known:
                    what = f"no rule {_MAKES[field]} {name!r}{nearest(name, known)}"
                    yield sink.document.problem((*sink.keys, "route", field), what)


def unheard(rules: list[Entry], sinks: list[Entry]) -> Iterator[Problem]:
    """Steps of `escalate` that tell somebody who is not there."""
    known = {entry.spec.id for entry in sinks if isinstance(entry.spec, SinkSpec)}
    for rule in rules:
        for n, step in enumerate(rule.spec.escalate):
            for name in step.tell:
                if name not in known:
                    what = f"there is no destination {name!r}{nearest(name, known)}"
                    yield rule.document.problem((*rule.keys, "escalate", n, "tell"), what)


def strangers(devices: list[Entry]) -> Iterator[Problem]:
    """Devices that would never be heard: of a dialect that nobody speaks, or behind another."""
    known, first = codecs(), dict[tuple[str, str], Entry]()
    for entry in devices:
        spec = entry.spec
        if spec.dialect and spec.dialect not in known:
            what = f"there is no dialect {spec.dialect!r}{nearest(spec.dialect, known)}"
            yield entry.document.problem((*entry.keys, "dialect"), what)
        other = first.setdefault((spec.dialect, spec.key), entry)
        if other is not entry and not spec.topic:
            where = f"{other.document.file}:{other.document.line(other.keys)}"
            what = (
                f"{spec.key!r} is what {spec.dialect or 'its dialect'} calls the device at {where}"
            )
            yield entry.document.problem((*entry.keys, "address"), what)


def absent_files(root: Path, entries: list[Entry]) -> Iterator[Problem]:
    """Files that are named and not there: a start would find it out too late."""
    for entry in entries:
        for keys, name in _named(entry.spec, entry.keys):
            if not (root / name).is_file():
                what = f"{keys[-1]}: there is no file {root / name}"
                yield entry.document.problem(keys, what)


def _named(spec: msgspec.Struct, keys: Keys) -> Iterator[tuple[Keys, str]]:
    for field in fields(spec):
        value, here = getattr(spec, field.name), (*keys, field.encode_name)
        if isinstance(value, msgspec.Struct):
            yield from _named(value, here)
        elif field.name in FILES and isinstance(value, str) and value:
            yield here, value
