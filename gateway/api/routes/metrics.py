"""GET /metrics for Prometheus."""

from collections import Counter
from collections.abc import Iterator

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.api import facts
from gateway.api.access import needs
from gateway.api.asking import TheDesk
from gateway.api.desk import Balance, Desk

router = APIRouter(tags=["health"])

TEXT = "text/plain; version=0.0.4; charset=utf-8"
EXAMPLE = 'linli_readings_total{part="listener",why=""} 48213.0\n'
_DAMAGED = str.maketrans({c: "_" for c in map(chr, range(128)) if not c.isalnum()})


@router.get(
    "/metrics",
    summary="Counters and states for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"example": EXAMPLE}}}},
)
@needs("viewer")
async def metrics(desk: TheDesk) -> Response:
    registry = CollectorRegistry()
    registry.register(_Found([*_counters(desk), *_states(desk), *await _stocks(desk)]))
    return Response(generate_latest(registry), media_type=TEXT)


class _Found(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return iter(self._metrics)


def _counters(desk: Desk) -> Iterator[Metric]:
    """`linli_<what>_total{part=…, why=…}`."""
    families: dict[str, CounterMetricFamily] = {}
    for (what, part, why), n in sorted(desk.health.counters.items()):
        name = f"linli_{what.translate(_DAMAGED)}"
        family = families.setdefault(
            name, CounterMetricFamily(name, f"Counts {what}.", labels=("part", "why"))
        )
        family.add_metric((part, why), n)
    yield from families.values()


def _states(desk: Desk) -> Iterator[Metric]:
    yield _gauge("up_seconds", "Since the start.", (desk.clock.now() - desk.health.started) / 1000)
    yield _gauge("clock_synced", "1 when the box knows the time.", desk.clock.synced)
    parts = GaugeMetricFamily("linli_part_ok", "1 when the part works.", labels=("part", "state"))
    for part in desk.health.parts.values():
        parts.add_metric((part.name, part.state), part.state == "ok")
    yield parts
    for name, things in (("devices", facts.devices(desk)), ("cameras", facts.cameras(desk))):
        states = Counter(thing.state for thing in things)
        family = GaugeMetricFamily(f"linli_{name}", f"How the {name} are.", labels=("state",))
        for state, n in sorted(states.items()):
            family.add_metric((state,), n)
        yield family


async def _stocks(desk: Desk) -> list[Metric]:
    open_ = GaugeMetricFamily("linli_incidents_open", "Open incidents.", labels=("severity",))
    severities = Counter(incident.severity for incident in await facts.incidents(desk))
    for severity in ("info", "minor", "major", "critical"):
        open_.add_metric((severity,), severities[severity])
    waiting = GaugeMetricFamily("linli_backlog", "Waiting to be sent.", labels=("sink",))
    dead = GaugeMetricFamily("linli_dead_letters", "Refused for good.", labels=("sink",))
    oldest = GaugeMetricFamily(
        "linli_backlog_age_seconds", "Age of the oldest one.", labels=("sink",)
    )
    for sink, backlog in (await desk.store.outbox.backlog()).items():
        waiting.add_metric((sink,), backlog.waiting)
        dead.add_metric((sink,), backlog.dead)
        age = (desk.clock.now() - backlog.oldest) / 1000 if backlog.oldest else 0
        oldest.add_metric((sink,), age)
    for sink, n in (await desk.store.journal.waiting()).items():
        waiting.add_metric((sink,), n)
    for sink, n in (await desk.store.refused.counts()).items():
        dead.add_metric((sink,), n)
    return [open_, waiting, dead, oldest, _ledger(await desk.store.balance())]


def _ledger(balance: Balance) -> Metric:
    """Every reading that was ever acknowledged, by what became of it."""
    family = GaugeMetricFamily(
        "linli_ledger_readings", "Readings since ever, by what became of them.", labels=("fate",)
    )
    for fate in ("committed", "held", "expired", "damaged", "unexplained"):
        family.add_metric((fate,), getattr(balance, fate))
    return family


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"linli_{name}", about, value=float(value))
