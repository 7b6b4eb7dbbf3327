"""The tasks that tell others: deliveries of incidents, questions what became of them, copies of
readings. All end when they are cancelled."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from config.schema import Config
from gateway.answers import follow, teller
from gateway.daily import count_days
from gateway.delivery import deliver
from gateway.ports import Inbox, Surroundings
from gateway.projection import project
from gateway.store import Store


class Bells(NamedTuple):
    """What wakes the senders, by the id of the sink."""

    incidents: Mapping[str, asyncio.Event]
    readings: Mapping[str, asyncio.Event]

    @classmethod
    def of(cls, config: Config) -> "Bells":
        return cls(
            {sink.id: asyncio.Event() for sink in config.sinks},
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
        started.append(tasks.create_task(asking, name=f"answers:{sink.id}"))
    if wanting := [sink.id for sink in config.sinks if sink.daily]:
        counting = count_days(config.site, wanting, store.cases, inbox, around.clock)
        started.append(tasks.create_task(counting, name="daily"))
    for series in config.reading_sinks:
        bell = bells.readings[series.id]
        copying = project(series, around, store.journal, store.refused, bell)
        started.append(tasks.create_task(copying, name=f"sink:{series.id}"))
    return started
