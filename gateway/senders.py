"""The tasks that tell others: deliveries of incidents, questions what became of them, copies of
readings. All end when they are cancelled."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from config.schema import Config
from gateway.answers import follow, teller
from gateway.attaching import PictureLine, unheard
from gateway.daily import count_days
from gateway.delivery import deliver
from gateway.envelopes import PICTURES_OF
from gateway.ports import Inbox, SinkSpec, Surroundings
from gateway.precedence import PICTURES
from gateway.projection import project
from gateway.store import Store


def lines(sinks: Iterable[SinkSpec]) -> list[str]:
    """What the outbox has lines for: each sink, and the pictures for those that attach them."""
    names = []
    for sink in sinks:
        names += [sink.id, *([PICTURES_OF.format(sink.id)] if sink.attaches else [])]
    return names


class Bells(NamedTuple):
    """What wakes the senders, by the id of the sink."""

    incidents: Mapping[str, asyncio.Event]
    readings: Mapping[str, asyncio.Event]

    @classmethod
    def of(cls, config: Config) -> "Bells":
        return cls(
            {name: asyncio.Event() for name in lines(config.sinks)},
            {sink.id: asyncio.Event() for sink in config.reading_sinks},
        )


def start(
    config: Config,
    around: Surroundings,
    store: Store,
    inbox: Inbox,
    bells: Bells,
    tasks: asyncio.TaskGroup,
) -> list[asyncio.Task[None]]:
    """One task for each sink, and one for each platform that is asked."""
    tell, started = teller(inbox), []
    for sink in config.sinks:
        delivery = deliver(sink, around, store.outbox, bells.incidents[sink.id], tell)
        asking = follow(sink, around, store, tell)
        started.append(tasks.create_task(delivery, name=f"sink:{sink.id}"))
        if sink.attaches:
            line = PictureLine(sink, store.incident)
            bell = bells.incidents[line.id]
            sending = deliver(line, around, store.outbox, bell, unheard, rank=PICTURES)
            started.append(tasks.create_task(sending, name=f"sink:{line.id}"))
        started.append(tasks.create_task(asking, name=f"answers:{sink.id}"))
    if wanting := [sink.id for sink in config.sinks if sink.daily]:
        counting = count_days(config.site, wanting, store.cases, inbox, around.clock)
        started.append(tasks.create_task(counting, name="daily"))
    for series in config.reading_sinks:
        news = bells.readings[series.id]
        copying = project(series, around, store.journal, store.refused, news)
        started.append(tasks.create_task(copying, name=f"sink:{series.id}"))
    return started
