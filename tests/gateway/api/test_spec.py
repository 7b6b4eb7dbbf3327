import msgspec
import pytest

from gateway.api.spec import ConsoleSpec, Listen


@pytest.mark.parametrize("raw", ["8080", ":8080", "a:b", "a:99999", "a:-1", "", None, 8080, "a:８"])
def test_what_is_no_address_is_told(raw: object) -> None:
    with pytest.raises(ValueError, match="host:port"):
        Listen.parse(raw)


def test_addresses() -> None:
    assert (Listen.parse("[::1]:80").host, Listen.parse("[::1]:80").port) == ("::1", 80)
    for local in ("127.0.0.1:1", "[::1]:1", "localhost:1"):
        assert Listen.parse(local).local
    for open_ in ("0.0.0.0:1", "[::]:1", "192.0.2.1:1", "box.example:1"):
        assert not Listen.parse(open_).local


def test_half_of_a_certificate_is_none() -> None:
    with pytest.raises(ValueError, match="belong together"):
        ConsoleSpec(tls_cert="a.pem")


def test_links_lead_where_others_reach_the_box() -> None:
    assert ConsoleSpec().url == "http://127.0.0.1:8080"
    assert ConsoleSpec(public_url="https://box.example").url == "https://box.example"


def test_reads_yaml_values() -> None:
    raw = {"listen": "0.0.0.0:8443", "session": "30m"}
    spec = msgspec.convert(raw, ConsoleSpec, dec_hook=lambda kind, value: kind.parse(value))
    assert spec.session.seconds == 1800
