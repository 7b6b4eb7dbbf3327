"""A rule over a site's past: what it would have told, and what people said of what it did tell."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple, Protocol, Self
from zoneinfo import ZoneInfo

from gateway.model import Incident, Millis, Scene, Subject
from gateway.store.history import Columns, History
from gateway.store.logbook import Logbook
from rules import backtest, past
from rules import explain as explaining
from rules.backtest import Episode, Setting
from rules.explain import Explanation, Witness
from rules.past import Track
from rules.rule import Rule
from rules.silences import SilenceSpec
from rules.variants import Variant

Progress = Callable[[str, int], None]
"""Told the device that is being judged, and the number of readings by then."""
DAY = 86_400_000
WORTH_A_POOL = 2_000_000
"""Judgements; with fewer, starting processes costs more than it saves."""
AHEAD = 4
"""Units of work that wait for a free core; more would only fill the memory."""


class Question(NamedTuple):
    """What to judge, over which past."""

    variants: Sequence[Variant]
    """Forms of one rule; the first is the rule as it is."""
    others: Sequence[Rule]
    """The rules that it names in `unless`."""
    subjects: Mapping[str, Subject]
    zone: ZoneInfo
    start: Millis
    end: Millis
    silences: Sequence[SilenceSpec] = ()

    @property
    def setting(self) -> Setting:
        return Setting(self.subjects, self.zone, self.silences, self.others)


class Against(NamedTuple):
    """How a variant compares."""

    confirmed: int
    """Incidents that people took up, and that it finds too …"""
    of_confirmed: int
    false_alarms: int
    """… and those that people called void, that it raises too."""
    of_false_alarms: int
    new: int
    """Incidents that the rule as it is does not raise …"""
    gone: int
    """… and those of the rule as it is that it does not."""


class Result(NamedTuple):
    """What one variant would have done."""

    variant: Variant
    episodes: list[Episode]
    per_day: float
    open_share: float
    """Of the time and of the keys that ever had an incident, the share with one open."""
    median_open: Millis
    against: Against
    new: list[Episode]
    """Those that the rule as it is does not raise …"""
    gone: list[Episode]
    """… and those that only the rule as it is raises."""
    by_place: Counter[str]
    """Incidents by the address, or the grid, of the place."""


class Answer(NamedTuple):
    """What every variant would have done, and how much was judged for it."""

    results: list[Result]
    readings: int
    devices: int
    scenes: int
    cameras: int


class Readings(Protocol):
    """Where readings are read from: the gateway's own store, or an InfluxDB."""

    def scan(
        self, start: Millis, end: Millis, device: str | None = None, quantity: str | None = None
    ) -> Iterator[Columns]: ...


class Past(NamedTuple):
    """What there is to judge."""

    readings: Readings
    log: Logbook | None
    """What cameras saw and what became of incidents; None where there is no store."""

    @classmethod
    def of(cls, path: Path) -> Self:
        """That of the store at *path*."""
        return cls(History(path), Logbook(path))


def run(source: Path | Past, question: Question, progress: Progress, workers: int = 1) -> Answer:
    """Judge every variant over *source*, a store or another past; it is read once."""
    found = Past.of(source) if isinstance(source, Path) else source
    episodes: list[list[Episode]] = [[] for _ in question.variants]
    readings, devices = 0, set[str]()
    scenes = _scenes(found, question)
    for unit, made in _judged(found, question, scenes, workers):
        readings += sum(len(track.at) for track in unit)
        devices.update(track.device for track in unit)
        for mine, more in zip(episodes, made, strict=True):
            mine += more
        progress(unit[-1].device if unit else "", readings)
    for mine in episodes:
        mine.sort(key=lambda e: (e.opened, e.key))
    labelled = found.log.incidents(question.variants[0].rule.id) if found.log else []
    results = [
        _result(question, variant, mine, episodes[0], labelled)
        for variant, mine in zip(question.variants, episodes, strict=True)
    ]
    return Answer(results, readings, len(devices), len(scenes), len({s.camera for s in scenes}))


def explain(path: Path, question: Question) -> list[Explanation]:
    """How each key stands with the first variant at the end of the question."""
    rules = [question.variants[0].rule, *question.others]
    engine = Witness(rules, question.subjects, question.zone, question.silences)
    found = Past.of(path)
    unit = list(_tracks(found, question, rules))
    scenes = Logbook(path).scenes(question.start, question.end)
    for seen in backtest.merged(unit, scenes):
        engine.observe(seen)
    engine.advance(question.end)
    return explaining.explain(engine, rules[0], question.end, question.zone)


def _scenes(found: Past, question: Question) -> list[Scene]:
    rules = [question.variants[0].rule, *question.others]
    if found.log is None or not any(part.scenes for rule in rules for part in rule.parts()):
        return []
    return list(found.log.scenes(question.start, question.end))


def _judged(
    found: Past, question: Question, scenes: list[Scene], workers: int
) -> Iterator[tuple[list[Track], list[list[Episode]]]]:
    rules = [question.variants[0].rule, *question.others]
    if any(part.scenes for rule in rules for part in rule.parts()):
        # A camera's incidents and a sensor's are apart, unless something joins them.
        unit = [] if past.alone(rules) else list(_tracks(found, question, rules))
        yield unit, _whole(question, unit, scenes)
        if not past.alone(rules):
            return
    units = past.units(rules, question.subjects, _tracks(found, question, rules))
    with ExitStack() as stack:
        pool, work = None, 0
        waiting: deque[tuple[list[Track], Future[list[list[Episode]]]]] = deque()
        for unit in units:
            if pool is None:
                yield unit, _judge(question, unit)
                work += len(question.variants) * sum(len(track.at) for track in unit)
                if workers > 1 and work > WORTH_A_POOL:
                    pool = ProcessPoolExecutor(workers, initializer=_share, initargs=(question,))
                    stack.enter_context(pool)
                continue
            waiting.append((unit, pool.submit(_judge_shared, unit)))
            if len(waiting) > AHEAD:
                done, future = waiting.popleft()
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()


_shared: list[Question] = []
"""In a worker process: what it works on, so that it need not be sent with each unit."""


def _share(question: Question) -> None:
    _shared[:] = [question]


def _judge_shared(unit: list[Track]) -> list[list[Episode]]:
    return _judge(_shared[0], unit)


def _tracks(found: Past, question: Question, rules: Sequence[Rule]) -> Iterator[Track]:
    parts = [part for rule in rules for part in rule.parts() if part.readings]
    quantities = {q for part in parts for q in part.select.quantity}
    every = any(not part.select.quantity for part in parts)
    if not parts:
        return
    one = next(iter(quantities)) if len(quantities) == 1 and not every else None
    pieces = found.readings.scan(question.start, question.end, quantity=one)
    yield from past.tracks(p for p in pieces if every or p.quantity in quantities)


def _judge(question: Question, unit: list[Track]) -> list[list[Episode]]:
    setting = question.setting
    return [backtest.judge(v.rule, unit, setting, question.end) for v in question.variants]


def _whole(question: Question, unit: list[Track], scenes: list[Scene]) -> list[list[Episode]]:
    setting = question.setting
    return [
        backtest.replay(variant.rule, unit, scenes, setting, question.end)
        for variant in question.variants
    ]


def _result(
    question: Question,
    variant: Variant,
    episodes: list[Episode],
    now: list[Episode],
    labelled: Sequence[Incident],
) -> Result:
    spans = [(e.closed or question.end) - e.opened for e in episodes]
    period = max(question.end - question.start, 1)
    keys = len({e.key for e in episodes}) or 1
    mine, before = _by_key(map(_stretch, episodes)), _by_key(map(_stretch, now))
    new = [e for e in episodes if not _met(_stretch(e), before)]
    gone = [e for e in now if not _met(_stretch(e), mine)]
    return Result(
        variant,
        episodes,
        per_day=len(episodes) * DAY / period,
        open_share=sum(spans) / (period * keys),
        median_open=round(median(spans)) if spans else 0,
        against=_against(question, mine, labelled)._replace(new=len(new), gone=len(gone)),
        new=new,
        gone=gone,
        by_place=Counter(_place(question.subjects, e) for e in episodes),
    )


class _Stretch(NamedTuple):
    key: str
    opened: Millis
    closed: Millis | None


_ByKey = Mapping[str, Sequence[_Stretch]]


def _against(question: Question, mine: _ByKey, labelled: Sequence[Incident]) -> Against:
    told = [
        (i, _Stretch(i.key, i.opened_at, i.closed_at))
        for i in labelled
        if question.start <= i.opened_at < question.end
    ]
    void = [stretch for i, stretch in told if i.status == "void"]
    confirmed = [stretch for i, stretch in told if i.status != "void" and i.handled_by]
    return Against(
        sum(_met(one, mine) for one in confirmed),
        len(confirmed),
        sum(_met(one, mine) for one in void),
        len(void),
        0,
        0,
    )


def _place(subjects: Mapping[str, Subject], episode: Episode) -> str:
    about = subjects.get(episode.devices[0] if episode.devices else episode.key)
    return (about.place.address or about.place.grid) if about is not None else ""


def _stretch(episode: Episode) -> _Stretch:
    return _Stretch(episode.key, episode.opened, episode.closed)


def _by_key(stretches: Iterable[_Stretch]) -> _ByKey:
    found: dict[str, list[_Stretch]] = {}
    for one in stretches:
        found.setdefault(one.key, []).append(one)
    return found


def _met(one: _Stretch, others: _ByKey) -> bool:
    """Whether one of *others* with the same key overlaps it."""
    return any(
        (one.closed is None or other.opened <= one.closed)
        and (other.closed is None or one.opened <= other.closed)
        for other in others.get(one.key, ())
    )
