"""A change of the site, at any moment, changes nothing about what it does not concern."""

from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from config.schema import Config, SiteSpec
from devices.registry import DeviceSpec
from gateway.api.spec import ConsoleSpec
from gateway.in_force import InForce, judges
from gateway.incidents import Ledger
from gateway.model import Duration, Incident, Packet
from gateway.spine import Spine
from gateway.store.spec import StoreSpec
from rules.kinds.silence import Silence
from rules.kinds.threshold import Threshold
from rules.rule import Rule
from rules.selector import Names, Select

T0 = 1_790_000_000_000
MINUTE = 60_000

DEVICES = tuple(
    DeviceSpec(id=f"bin-{n}", dialect="zigbee2mqtt", period=Duration.parse("10m")) for n in (1, 2)
)
HOT = Threshold(
    id="hot",
    incident="heat",
    select=Select(quantity=Names(("temperature",))),
    above=60.0,
    clear_below=50.0,
    wait=Duration.parse("5m"),
    keep_for=Duration.parse("3m"),
)
QUIET = Silence(id="quiet", incident="device_silent")
EXTRA = Threshold(
    id="wet", incident="damp", select=Select(quantity=Names(("humidity",))), above=80.0
)


def site_of(*rules: Rule, devices: tuple[DeviceSpec, ...] = DEVICES) -> Config:
    parts = SiteSpec(id="demo"), StoreSpec(), ConsoleSpec(), (), (), ()
    return Config(Path(), *parts, devices, (), rules)


class Box:
    """A spine over a site that is changed as the gateway changes it."""

    def __init__(self) -> None:
        self.force = InForce(site_of(HOT, QUIET))
        ledger = Ledger(self.force.account, self.force.steps)
        made = self.force.judges
        self.spine = Spine(made.decoder, made.engine, ledger, [], made.shadow)
        self.told: list[Incident] = []

    def hear(self, device: str, value: float, now: int) -> None:
        body = b'{"temperature": %f}' % value
        self.told += self.spine.take([Packet(f"zigbee2mqtt/{device}", body)], now).batch.incidents

    def change(self, config: Config, now: int) -> None:
        made = judges(config)
        turn = self.spine.adopt(*made[:3], now, lambda: self.force.adopt(config, made))
        assert turn.batch.snapshot
        self.told += turn.batch.incidents

    def wait(self, now: int) -> None:
        while (due := self.spine.due()) is not None and due <= now:
            self.told += self.spine.pass_time(due).batch.incidents


NEWER = DeviceSpec(id="bin-3", dialect="zigbee2mqtt")
IRRELEVANT = (
    site_of(HOT, QUIET),
    site_of(EXTRA, QUIET, HOT),
    site_of(HOT, QUIET, devices=(NEWER, *DEVICES)),
)
STEPS = st.lists(
    st.tuples(
        st.integers(1, 12 * MINUTE),
        st.sampled_from(["bin-1", "bin-2"]),
        st.sampled_from([20.0, 45.0, 55.0, 65.0, 90.0]),
        st.sampled_from([None, *IRRELEVANT]),
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_a_change_that_does_not_concern_a_rule_changes_nothing_of_what_it_tells(
    steps: list[tuple[int, str, float, Config | None]],
) -> None:
    calm, changed, now = Box(), Box(), T0
    for pause, device, value, config in steps:
        now += pause
        for box in (calm, changed):
            box.wait(now)
            box.hear(device, value, now)
        if config is not None:
            changed.change(config, now)
    for box in (calm, changed):
        box.wait(now + 60 * MINUTE)
    assert changed.told == calm.told


def test_the_incident_of_a_rule_that_is_gone_is_closed_and_says_why() -> None:
    box = Box()
    box.hear("bin-1", 90.0, T0)
    box.wait(T0 + 6 * MINUTE)
    (opened,) = box.told
    box.change(site_of(QUIET), T0 + 7 * MINUTE)
    closed = box.told[-1]
    assert (closed.id, closed.status, closed.closed_at) == (
        opened.id,
        "resolved",
        T0 + 7 * MINUTE,
    )
    assert closed.note == "closed: its rule has changed or is gone"


def test_a_longer_wait_is_waited_from_when_it_began() -> None:
    box = Box()
    box.hear("bin-1", 90.0, T0)
    longer = msgspec.structs.replace(HOT, wait=Duration.parse("9m"))
    box.change(site_of(longer, QUIET), T0 + 4 * MINUTE)
    box.wait(T0 + 9 * MINUTE)
    (opened,) = box.told
    assert opened.opened_at == T0 + 9 * MINUTE
