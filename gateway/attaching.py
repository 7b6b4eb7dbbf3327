"""Pictures that are attached to a report after it was taken: a line of their own in the outbox,
behind the incidents (gateway.precedence).

    outbox of `city`           i-1-0, i-2-0, i-1-3 …
    outbox of `city/pictures`  picture-i-1-<hash>, picture-i-2-<hash> …

Each picture is an envelope of its own, so that one that fails keeps no other from its report.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from gateway.answered import last_answer
from gateway.envelopes import PICTURES_OF
from gateway.model import Answer, Envelope, Incident
from gateway.ports import Attaching, Choked, Reject, Sink, SinkSpec, Surroundings

Versions = Callable[[str], Awaitable[Sequence[Incident]]]
"""All versions of an incident, the oldest first."""


class PictureLine(NamedTuple):
    """The pictures for the platform of `spec`, as a destination of its own."""

    spec: SinkSpec
    versions: Versions

    @property
    def id(self) -> str:
        return PICTURES_OF.format(self.spec.id)

    @asynccontextmanager
    async def open(self, around: Surroundings) -> AsyncIterator[Sink]:
        async with self.spec.open(around) as sink:
            if not isinstance(sink, Attaching):
                raise TypeError(f"{self.spec.id} takes no pictures afterwards")
            yield _Attacher(self.spec.id, sink, self.versions)


async def unheard(answer: Answer) -> None:
    """What becomes of a picture is no answer to the incident."""


class _Attacher:
    def __init__(self, name: str, sink: Attaching, versions: Versions) -> None:
        self._name, self._sink, self._versions = name, sink, versions

    async def send(self, envelope: Envelope) -> None:
        """Waits, letting others pass, until the report itself was taken."""
        known = await self._versions(envelope.incident.id)
        told = known[-1].answers if known else ()
        number = next((a.reference for a in reversed(told) if self._mine(a) and a.reference), "")
        if not number:
            last = last_answer(known[-1], self._name) if known else None
            if last and last.state == "failed":
                raise Reject("its report was not taken")
            raise Choked("its report is not there yet", sure=False)
        await self._sink.attach(number, envelope)

    def _mine(self, answer: Answer) -> bool:
        return answer.sink == self._name
