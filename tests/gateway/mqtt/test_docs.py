"""What docs/mqtt.md shows is taken as it stands."""

import re
from importlib.resources import files
from pathlib import Path

from config.load import load
from gateway.commands.init import make_site
from gateway.sources.mqtt_broker import MqttBroker
from gateway.sources.mqtt_listener import MqttListener

PAGE = (Path(__file__).parents[3] / "docs" / "mqtt.md").read_text(encoding="utf-8")


def test_its_sources_load(tmp_path):
    site = tmp_path / "site"
    make_site(site, files("config") / "default_site")
    blocks = re.findall(r"```yaml\nsources:\n(.*?)```", PAGE, re.S)
    head, _, rest = (site / "gateway.yaml").read_text(encoding="utf-8").partition("sources:\n")
    tail = rest[rest.index("\nsinks:") :]
    shown = f"{head}sources:\n{''.join(blocks)}{tail}"
    (site / "gateway.yaml").write_text(shown, encoding="utf-8")
    secrets = "".join(f"{name}: s3cret\n" for name in re.findall(r"!secret (\w+)", shown))
    (site / "secrets.yaml").write_text(secrets)
    (site / "secrets.yaml").chmod(0o600)
    (site / "tls").mkdir()
    for name in re.findall(r"tls/[\w-]+\.(?:pem|key)", shown):
        (site / name).touch()
    listener, broker = load(site).sources
    assert isinstance(listener, MqttListener)
    assert isinstance(broker, MqttBroker)
    assert listener.max_rate == 100
    assert listener.users[0].password == "s3cret"
    assert broker.tls is not None
    assert [quota.rate for quota in broker.quotas] == [2]
    assert listener.users[1].max_rate == 5
