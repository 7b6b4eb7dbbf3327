"""Reads a site, and says everything that is wrong with it at once.

DIR/gateway.yaml    site, store, console, sources, sinks
DIR/devices.yaml    devices: [...]; admit, ignore: [...], patterns of those that are not entered
DIR/cameras.yaml    cameras: [...]
DIR/grids.geojson   which places are in which grid; may be left out
DIR/rules/*.yaml    rules: [...]
DIR/silences.yaml   silences: [...], where there are any
DIR/shadow.yaml     rules: [...], other forms of some rules on trial, where there are any
DIR/secrets.yaml    name: value, for `!secret name`
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, NamedTuple

from config import grids
from config.build import build, nearest
from config.crosscheck import (
    Entry,
    absent_files,
    dead_ends,
    loose_ends,
    odd_shadows,
    strangers,
    twice,
    unheard,
    vain_silences,
)
from config.located import WRONG, Document, Problem, Wrong, read
from config.schema import RULES, SINKS, SOURCES, Config, SiteSpec
from devices.grids import Grids
from devices.registry import Admission, DeviceSpec, Pattern
from gateway.api.spec import ConsoleSpec
from gateway.ports import ReadingSinkSpec, SinkSpec
from gateway.store.spec import StoreSpec
from rules.silences import SilenceSpec
from vision.camera import CameraSpec

SILENCES = "silences.yaml"
SHADOW = "shadow.yaml"
PARTS = {"site", "store", "console", "sources", "sinks"}


class Invalid(Exception):
    """A site that cannot run; one line for each problem."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class _Entries(NamedTuple):
    """The lists of a site, each entry with its line."""

    sources: list[Entry]
    sinks: list[Entry]
    devices: list[Entry]
    cameras: list[Entry]
    rules: list[Entry]
    silences: list[Entry]
    shadows: list[Entry]
    admit: list[Entry]
    ignore: list[Entry]


def load(root: Path) -> Config:
    """The site in *root*, or `Invalid` with every problem in the order of files and lines."""
    problems: list[Problem] = []
    secrets = _secrets(root, problems)
    main = _document(root, "gateway.yaml", secrets, problems, PARTS)
    site = _part(main, "site", SiteSpec, problems, required=True)
    store = _part(main, "store", StoreSpec, problems)
    console = _part(main, "console", ConsoleSpec, problems)
    known = grids.read(root, problems)
    lists = _lists(root, main, secrets, known, problems)
    problems += _at_odds(lists)
    served = [] if console is WRONG else [Entry(console, main, ("console",))]
    problems += absent_files(root, [*served, *lists.sources, *lists.sinks])
    if problems:
        raise Invalid(sorted(set(problems)))
    specs = {name: tuple(e.spec for e in entries) for name, entries in lists._asdict().items()}
    every_sink = specs.pop("sinks")
    return Config(
        root=root,
        site=site,
        store=store,
        console=console,
        sinks=tuple(s for s in every_sink if isinstance(s, SinkSpec)),
        reading_sinks=tuple(s for s in every_sink if isinstance(s, ReadingSinkSpec)),
        grids=known,
        **specs,
    )


def _lists(
    root: Path,
    main: Document,
    secrets: Mapping[str, str],
    known: Grids,
    problems: list[Problem],
) -> _Entries:
    sources = [*_entries(main, "sources", reduce(or_, SOURCES), problems)]
    sinks = [*_entries(main, "sinks", reduce(or_, SINKS), problems)]
    sensors = _document(root, "devices.yaml", secrets, problems, {"devices", "admit", "ignore"})
    devices = [*_entries(sensors, "devices", DeviceSpec, problems)]
    admit = [*_entries(sensors, "admit", Admission, problems)]
    ignore = [*_entries(sensors, "ignore", Pattern, problems)]
    cameras = [*_file(root, "cameras.yaml", "cameras", CameraSpec, secrets, problems)]
    return _Entries(
        sources=sources,
        sinks=sinks,
        devices=grids.settle(known, devices, problems),
        cameras=grids.settle(known, cameras, problems),
        rules=[*_rules(root, problems)],
        silences=[*_silences(root, problems)],
        shadows=[*_shadows(root, problems)],
        admit=admit,
        ignore=ignore,
    )


def _at_odds(lists: _Entries) -> Iterator[Problem]:
    """What is wrong with entries only beside others."""
    rules, devices, cameras = lists.rules, lists.devices, lists.cameras
    for kind, entries in (
        ("source", lists.sources),
        ("sink", lists.sinks),
        ("rule", rules),
        ("silence", lists.silences),
        ("rule on trial", lists.shadows),
        ("device or camera", devices + cameras),
        ("pattern", lists.admit + lists.ignore),
    ):
        yield from twice(kind, entries)
    yield from loose_ends(rules, devices, cameras)
    yield from odd_shadows(lists.shadows, rules, devices, cameras)
    yield from vain_silences(lists.silences, rules, devices + cameras)
    yield from dead_ends(lists.sinks, rules)
    yield from unheard(rules, lists.sinks)
    yield from strangers(devices)


def _secrets(root: Path, problems: list[Problem]) -> Mapping[str, str]:
    path = root / "secrets.yaml"
    if not path.exists():
        return {}
    document = read(path, "secrets.yaml")
    problems += document.problems
    if path.stat().st_mode & 0o077:
        problems.append(Problem("secrets.yaml", 1, "others may read it; run `chmod 600` on it"))
    found = document.value if isinstance(document.value, dict) else {}
    return {name: str(value) for name, value in found.items()}


def _document(
    root: Path,
    name: str,
    secrets: Mapping[str, str],
    problems: list[Problem],
    known: set[str],
) -> Document:
    document = read(root / name, name, secrets)
    problems += document.problems
    if not isinstance(document.value, dict | Wrong | None):
        problems.append(Problem(name, 1, f"wanted here: {', '.join(sorted(known))}, each a block"))
    elif document.value is None and not document.problems:
        problems.append(Problem(name, 1, f"it is empty; wanted: {', '.join(sorted(known))}"))
    if not isinstance(document.value, dict):
        return document._replace(value={})
    for key in document.value:
        if key not in known:
            problems.append(document.problem((key,), f"{key!r} is not known{nearest(key, known)}"))
    return document


def _part(
    document: Document, name: str, kind: type, problems: list[Problem], *, required: bool = False
) -> Any:
    if document.value.get(name) is None:
        if required and not document.problems:
            problems.append(document.problem((), f"{name!r} is missing"))
        return WRONG if required else kind()
    return build(document, (name,), kind, problems)


def _entries(
    document: Document, section: str, kind: Any, problems: list[Problem]
) -> Iterator[Entry]:
    listed = document.value.get(section)
    if listed is None:
        return
    if not isinstance(listed, list):
        what = f"{section}: a list is wanted here (lines that begin with -)"
        problems.append(document.problem((section,), what))
        return
    for n in range(len(listed)):
        spec = build(document, (section, n), kind, problems)
        if spec is not WRONG:
            yield Entry(spec, document, (section, n))


def _file(
    root: Path,
    name: str,
    section: str,
    kind: Any,
    secrets: Mapping[str, str],
    problems: list[Problem],
) -> Iterator[Entry]:
    document = _document(root, name, secrets, problems, {section})
    yield from _entries(document, section, kind, problems)


def _silences(root: Path, problems: list[Problem]) -> Iterator[Entry]:
    if (root / SILENCES).exists():
        yield from _file(root, SILENCES, "silences", SilenceSpec, {}, problems)


def _shadows(root: Path, problems: list[Problem]) -> Iterator[Entry]:
    if (root / SHADOW).exists():
        yield from _file(root, SHADOW, "rules", reduce(or_, RULES), {}, problems)


def _rules(root: Path, problems: list[Problem]) -> Iterator[Entry]:
    files = sorted((root / "rules").glob("*.yaml"))
    if not files:
        problems.append(Problem("rules/", 1, "no rule file is here; `linli init DIR` writes some"))
    for path in files:
        if path.stem.endswith("_test"):
            continue
        known = {"rules", "tests"}
        document = _document(root, f"rules/{path.name}", {}, problems, known)
        yield from _entries(document, "rules", reduce(or_, RULES), problems)
