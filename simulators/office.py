"""The people behind the simulated platform: some time after a case came in, one of them takes it up
and deals with it, or says that it is not theirs. The gateway hears it by signed letters.

    POST <answers>      Standard Webhooks, JSON
    {"incident": "0b5…", "state": "assigned", "reference": "CASE-7", "text": "Grid worker 3"}

Every fifth case is rejected; a case that the gateway tells anew after that is taken up. The signing
is its own: nothing of the gateway's delivery is imported here.
"""

import asyncio
import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections import Counter
from heapq import heappop, heappush
from typing import NamedTuple, Self

import aiohttp

from gateway.clock import SystemClock
from gateway.ports import Clock
from simulators.register import Case

ASSIGNED_AFTER, CLOSED_AFTER = 6.0, 25.0
"""Seconds after a case came in."""
LATER = 5.0
"""Seconds until a letter that failed is sent again."""
EVERY = 5
TICK = 0.2
MOST = 10_000
REJECTED = "不属于本街道 Not in this sub-district"


class Letter(NamedTuple):
    when: float
    number: int
    """Counts the letters; it makes the id under which a letter is known again."""
    incident: str
    state: str
    reference: str
    text: str


class Office:
    """*answers*: where letters go; *secret*: `whsec_…`."""

    def __init__(self, answers: str, secret: str, clock: Clock | None = None) -> None:
        self._clock: Clock = clock or SystemClock()
        self._url, self._key = answers, b64decode(secret.removeprefix("whsec_"))
        self._due: list[Letter] = []
        self._cases: dict[str, Case] = {}
        self._written = 0
        self.counts: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        self._task = asyncio.create_task(self._run(), name="platform:office")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._session.close()

    def take(self, case: Case) -> None:
        """Somebody will look at it, once for each time that it is told as opened."""
        known, incident = case.data["id"] in self._cases, case.data["id"]
        if len(self._cases) < MOST or known:
            self._cases[incident] = case
        if not case.events[-1].endswith(".opened.v1"):
            return
        if case.number % EVERY == 0 and not known:
            self._write(ASSIGNED_AFTER, incident, "rejected", case, REJECTED)
            return
        worker = f"网格员 {case.number % 7 + 1} Grid worker {case.number % 7 + 1}"
        self._write(ASSIGNED_AFTER, incident, "assigned", case, worker)
        self._write(CLOSED_AFTER, incident, "closed", case, "已处置 Dealt with")

    def _write(self, after: float, incident: str, state: str, case: Case, text: str) -> None:
        self._written += 1
        when = asyncio.get_running_loop().time() + after
        letter = Letter(when, self._written, incident, state, f"CASE-{case.number}", text)
        heappush(self._due, letter)

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(TICK)
            while self._due and self._due[0].when <= clock():
                letter = heappop(self._due)
                if not await self._sent(letter):
                    heappush(self._due, letter._replace(when=clock() + LATER))

    async def _sent(self, letter: Letter) -> bool:
        told = {
            "incident": letter.incident,
            "state": letter.state,
            "reference": letter.reference,
            "text": letter.text,
        }
        body = json.dumps(told, ensure_ascii=False).encode()
        try:
            headers = self._signed(f"msg-{letter.number}", body)
            async with self._session.post(self._url, data=body, headers=headers) as answer:
                taken = answer.status in (200, 204)
        except (aiohttp.ClientError, TimeoutError):
            taken = False
        self.counts["answers" if taken else "answers_failed"] += 1
        if taken and letter.incident in self._cases:
            self._cases[letter.incident].answers.append(f"{letter.state}: {letter.text}")
        return taken

    def _signed(self, id: str, body: bytes) -> dict[str, str]:
        stamp = str(self._clock.now() // 1000)
        digest = hmac.new(self._key, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()
        return {
            "Content-Type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{b64encode(digest).decode()}",
        }
