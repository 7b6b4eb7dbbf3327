"""Who may connect, and to which topics each may publish."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import registry
from gateway.mqtt.access import Access, Credentials, MqttUser, matches
from gateway.passwords import hash_password

SALT = bytes(16)
HASHED = MqttUser("meter", ("site/%u/#",), hash_password("s3cret", SALT))
PLAIN = MqttUser("bridge", ("zigbee2mqtt/+", "$thing/#"), "s3cret")
BY_CERTIFICATE = MqttUser("box-7", ("#",))
ACCESS = Access((HASHED, PLAIN, BY_CERTIFICATE), anonymous=("open/#",))


def shown(user: str | None, password: str | None = None, certificate: str = "") -> Credentials:
    return Credentials(user, None if password is None else password.encode(), certificate)


@pytest.mark.parametrize(
    ("credentials", "user"),
    [
        (shown("bridge", "s3cret"), "bridge"),
        (shown("bridge", "s3cre"), None),
        (shown("bridge"), None),
        (shown(None), ""),
        (shown("box-7"), None),
        (shown("box-7", ""), None),
        (shown(None, certificate="box-7"), "box-7"),
        (shown("box-7", certificate="box-7"), "box-7"),
        (shown("bridge", certificate="box-7"), None),
        (shown("bridge", "s3cret", certificate="box-7"), "bridge"),
        (shown(None, certificate="stranger"), ""),
        (shown(""), None),
    ],
)
def test_what_is_proved_without_hashing(credentials, user):
    assert ACCESS.quick(credentials) == user


def test_a_hash_is_proved_slowly_once_and_quickly_from_then_on():
    access = Access((HASHED, PLAIN))
    right, wrong = shown("meter", "s3cret"), shown("meter", "s3cret!")
    assert access.quick(right) is None
    assert access.slow(wrong) is None
    assert access.slow(shown("bridge", "s3cret")) is None
    assert access.slow(right) == "meter"
    assert access.quick(right) == "meter"
    assert access.quick(wrong) is None


def test_the_hash_is_salted_and_its_text_says_how():
    assert hash_password("a") != hash_password("a")
    assert hash_password("a", SALT) == hash_password("a", SALT)
    assert hash_password("a").startswith("scrypt$14$8$5$")


def test_nobody_is_anonymous_unless_that_is_configured():
    assert Access((PLAIN,)).quick(shown(None)) is None


@pytest.mark.parametrize(
    ("user", "topic", "allowed"),
    [
        ("meter", "site/meter/power", True),
        ("meter", "site/meter", True),
        ("meter", "site/bridge/power", False),
        ("bridge", "zigbee2mqtt/x", True),
        ("bridge", "zigbee2mqtt/x/y", False),
        ("bridge", "$thing/up", True),
        ("box-7", "$SYS/load", False),
        ("box-7", "any/thing", True),
        ("", "open/x", True),
        ("", "site/meter/power", False),
    ],
)
def test_where_each_may_publish(user, topic, allowed):
    assert ACCESS.may_publish(user, topic) is allowed


levels = st.sampled_from(["a", "b", "", "+", "#"])


@given(st.lists(levels, min_size=1, max_size=5), st.lists(levels, min_size=1, max_size=5))
def test_a_filter_means_the_same_here_as_in_devices_yaml(wanted, topic):
    wanted = wanted[: wanted.index("#") + 1] if "#" in wanted else wanted
    topic = [level for level in topic if level not in ("+", "#")] or ["a"]
    expected = registry.matches(wanted, topic)
    assert matches("/".join(wanted), "/".join(topic)) is expected


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "topics": ["#"]},
        {"name": "a/b", "topics": ["#"]},
        {"name": "a+", "topics": ["#"]},
        {"name": "a", "topics": ["a/#/b"]},
        {"name": "a", "topics": ["a+/b"]},
        {"name": "a", "topics": [""]},
        {"name": "a", "topics": ["#"], "password": "$2b$12$abc"},
        {"name": "a"},
    ],
)
def test_a_mistake_in_a_user_is_told(fields):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, MqttUser)
