"""How much one device may say where a broker speaks for all."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mqtt import quota
from gateway.mqtt.quota import BURST, KNOWN, Quota, Quotas


def admitted(quotas: Quotas, topic: str, times: list[float]) -> int:
    return sum(quotas.admit(topic, now) for now in times)


def paced(rate: float, seconds: float, start: float = 0.0) -> list[float]:
    return [start + n / rate for n in range(round(rate * seconds))]


def test_a_topic_below_its_rate_loses_nothing():
    quotas = Quotas(100, (), 0.0)
    assert admitted(quotas, "a", paced(99, 60)) == 99 * 60
    assert not quotas.shed()


def test_a_flood_is_cut_to_the_rate_within_seconds_and_attributed():
    quotas = Quotas(500, (), 0.0)
    first = admitted(quotas, "flood", paced(5000, 5))
    later = admitted(quotas, "flood", paced(5000, 10, start=5.0))
    assert first == pytest.approx(500 * (BURST + 5), rel=0.01)
    assert later == pytest.approx(500 * 10, rel=0.01)
    assert quotas.shed() == {"flood": 75_000 - first - later}
    assert not quotas.shed()


def test_a_flood_takes_nothing_from_others():
    quotas = Quotas(10, (), 0.0)
    for now in paced(1000, 30):
        quotas.admit("flood", now)
    assert admitted(quotas, "calm", paced(9, 30, start=30.0)) == 270


def test_topics_of_one_device_share_what_was_given_to_it():
    shared = Quota(("meter-7/#", "legacy/7/+"), 1.0)
    quotas = Quotas(1000, (shared,), 0.0)
    found = sum(quotas.admit(f"meter-7/{n}", 0.0) for n in range(8))
    assert found + admitted(quotas, "legacy/7/x", [0.0] * 100) == BURST
    assert admitted(quotas, "other", [0.0] * 100) == 100


def test_without_a_rate_only_quotas_limit():
    quotas = Quotas(0, (Quota(("slow",), 0.01),), 0.0)
    assert admitted(quotas, "fast", [0.0] * 100_000) == 100_000
    assert admitted(quotas, "slow", [0.0] * 100) == 1


def test_topics_made_up_without_end_do_not_fill_the_memory_nor_touch_known_ones(monkeypatch):
    monkeypatch.setattr(quota, "KNOWN", 1000)
    quotas = Quotas(10, (), 0.0)
    for n in range(100):
        assert quotas.admit(f"known/{n}", 0.0)
    made_up = sum(quotas.admit(f"x/{n}", n / 10_000) for n in range(50_000))
    assert made_up < 2000
    assert all(quotas.admit(f"known/{n}", 5.0) for n in range(100))
    assert quotas.shed()["(new topics)"] == 50_000 - made_up
    assert len(quotas._buckets) <= 1000


def test_forgotten_topics_make_room():
    quotas = Quotas(10, (), 0.0)
    for n in range(KNOWN):
        assert quotas.admit(f"old/{n}", 0.0)
    assert all(quotas.admit(f"new/{n}", quota.FORGET + n) for n in range(100))
    assert not quotas.shed()


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=300), st.floats(0.5, 50))
def test_never_more_than_the_burst_and_the_rate(gaps, rate):
    quotas, now, passed = Quotas(rate, (), 0.0), 0.0, 0
    for gap in gaps:
        now += gap
        passed += quotas.admit("t", now)
        assert passed <= max(1.0, rate * BURST) + rate * now + 1e-6


@pytest.mark.parametrize("fields", [{"topics": ["a/#/b"], "rate": 1}, {"topics": ["a"], "rate": 0}])
def test_a_mistake_in_a_quota_is_told(fields):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, Quota)
