import asyncio
from collections.abc import Sequence

from devices.decoder import Decoder
from devices.registry import DeviceSpec
from gateway.incidents import Account, Ledger
from gateway.intake import BoundedInbox
from gateway.model import Batch, Millis, Packet, Place, Reading, Shift
from gateway.pace import Rest
from gateway.pump import Pump
from gateway.spine import Spine, Turn
from gateway.store import StoreFailed
from rules.engine import Engine
from rules.kinds.threshold import Threshold
from rules.last import Last
from rules.rule import Rule
from rules.selector import Names, Select
from tests.gateway.watch import Watch
from tests.virtual_time import in_virtual_time


class LoopClock:
    """Tells the loop's time, so that virtual time is the gateway's time."""

    def now(self) -> Millis:
        try:
            passed = asyncio.get_running_loop().time()
        except RuntimeError:
            passed = 0  # before the loop runs
        return 1_790_000_000_000 + round(passed * 1000)

    @property
    def synced(self) -> bool:
        return True

    def corrected(self) -> Shift | None:
        return None

    async def sleep_until(self, when: Millis) -> None:
        await asyncio.sleep(max(0, when - self.now()) / 1000)


class Disk:
    """Stands in for the store: takes a while, and fails as often as it is told."""

    def __init__(self, takes: float = 0.0, failures: int = 0) -> None:
        self.batches: list[Batch] = []
        self.reopened, self._takes, self._failures = 0, takes, failures

    async def commit(self, batch: Batch) -> None:
        await asyncio.sleep(self._takes)
        if self._failures:
            self._failures -= 1
            raise StoreFailed("disk I/O error")
        self.batches.append(batch)

    async def reopen(self) -> None:
        self.reopened += 1
        if self._failures:
            self._failures -= 1
            raise StoreFailed("disk I/O error")

    @property
    def readings(self) -> list[Reading]:
        return [reading for batch in self.batches for reading in batch.readings]


class Rig:
    """A pump over a real spine, and what it told."""

    def __init__(
        self, disk: Disk, rest: Rest = lambda took: 0.0, rules: Sequence[Rule] = ()
    ) -> None:
        decoder = Decoder([DeviceSpec(id="bin-1", dialect="zigbee2mqtt")])
        engine = Engine(rules, decoder.subjects())
        ledger = Ledger(lambda signal: Account("", "", "info", Place()))
        self.inbox, self.disk, self.watch = BoundedInbox(), disk, Watch()
        self.told: list[Turn] = []
        self.acked: list[tuple[int, int]] = []
        self.beats = 0
        self.pump = Pump(
            self.inbox,
            Spine(decoder, engine, ledger, []),
            disk,
            LoopClock(),
            self.watch,
            feeds={},
            after=self.told.append,
            beat=self._beat,
            rest=rest,
        )

    def _beat(self) -> None:
        self.beats += 1

    async def send(self, number: int) -> None:
        payload = b'{"counter": %d}' % number
        packet = Packet("zigbee2mqtt/bin-1", payload)
        await self.inbox.put([packet], lambda: self.acked.append((number, len(self.disk.readings))))

    async def play(self, seconds: float, sends: Sequence[float] = ()) -> None:
        """Send a number at each instant of *sends*, and stop after *seconds*."""
        loop = asyncio.get_running_loop()
        running = asyncio.create_task(self.pump.run())
        for number, at in enumerate(sends):
            await asyncio.sleep(max(0, at - loop.time()))
            await self.send(number)
        await asyncio.sleep(max(0, seconds - loop.time()))
        running.cancel()
        await asyncio.wait([running])


def test_nothing_is_acknowledged_before_it_is_on_disk() -> None:
    rig = Rig(Disk(takes=0.1))
    in_virtual_time(rig.play(5, [0, 0.05, 0.3]))
    assert [number for number, _ in rig.acked] == [0, 1, 2]
    assert all(on_disk > number for number, on_disk in rig.acked)


def test_while_one_batch_is_written_the_next_one_gathers() -> None:
    rig = Rig(Disk(takes=1.0))
    in_virtual_time(rig.play(5, [0, 0.1, 0.2, 0.3]))
    assert [len(batch.readings) for batch in rig.disk.batches] == [1, 3]


def test_a_slow_medium_is_written_to_in_larger_pieces() -> None:
    rig = Rig(Disk(), rest=lambda took: 1.0)
    in_virtual_time(rig.play(5, [n / 10 for n in range(20)]))
    assert len(rig.disk.readings) == 20
    assert len(rig.disk.batches) <= 4


def test_while_the_disk_fails_nothing_is_acknowledged_and_then_all_is_there_once() -> None:
    rig = Rig(Disk(failures=3))
    in_virtual_time(rig.play(10, [0, 0.1]))
    assert rig.disk.reopened == 3  # a failed commit, two failed tries, one that works
    assert [r.value for r in rig.disk.readings] == [0, 1]
    assert rig.watch.counts["store_failures", "", ""] == 3
    assert rig.watch.states["store"] == ("ok", "")


def test_an_idle_pump_shows_that_it_lives() -> None:
    rig = Rig(Disk())
    in_virtual_time(rig.play(60))
    assert 10 <= rig.beats <= 14
    assert rig.disk.batches == []


def test_a_snapshot_is_left_now_and_then_and_at_the_end() -> None:
    rig = Rig(Disk())

    async def story() -> None:
        await rig.play(700, [n * 10.0 for n in range(60)])
        await rig.send(60)
        await rig.pump.drain()

    in_virtual_time(story())
    kept = [n for n, batch in enumerate(rig.disk.batches) if batch.snapshot]
    assert kept == [30, 60, len(rig.disk.batches) - 1]
    assert rig.disk.readings[-1].value == 60


def test_the_world_is_told_after_the_commit() -> None:
    rig = Rig(Disk())
    in_virtual_time(rig.play(1, [0]))
    (turn,) = [t for t in rig.told if t.batch.readings]
    assert turn.batch.readings[0].value == 0
    assert rig.watch.counts["packets", "zigbee2mqtt", "ok"] == 1


class Careless(Threshold, frozen=True, tag="careless_here"):
    """A kind with a mistake in it."""

    def take(self, state: Last, seen: Reading, part: int) -> bool:
        raise LookupError("no such drawer")


def test_a_rule_that_fails_is_shown_and_its_reading_is_stored() -> None:
    careless = Careless(id="odd", incident="x", select=Select(quantity=Names(["counter"])), above=5)
    rig = Rig(Disk(), rules=[careless])
    in_virtual_time(rig.play(5, [0, 1]))
    assert len(rig.disk.readings) == 2
    assert rig.watch.counts["rule_failed", "odd", "LookupError: no such drawer"] == 2
    state, detail = rig.watch.states["rule:odd"]
    assert (state, detail) == ("failed", "on a reading: LookupError: no such drawer")
