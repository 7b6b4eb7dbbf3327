"""The ThingsBoard gateway as a peer: its configuration, its start, and a server that only counts.

python thingsboard.py FOLDER        in the environment that `benchmarks.peers` makes
"""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TELEMETRY, REQUESTS = "v1/gateway/telemetry", "v1/devices/me/rpc/request/+"


@contextmanager
def thingsboard(folder: Path, port: int, server: int) -> Iterator[Callable[[], int]]:
    """Write the configuration; count at *server* what comes from the devices at *port*."""
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    (folder / "tb_gateway.json").write_text(json.dumps(general(server)))
    (folder / "mqtt.json").write_text(json.dumps(connector(port)))
    (folder / "logs.json").write_text(json.dumps(LOGS))
    taken = 0

    def hear(client: mqtt.Client, data: object, message: mqtt.MQTTMessage) -> None:
        nonlocal taken
        if message.topic == TELEMETRY:
            taken += sum(len(points) for points in json.loads(message.payload).values())
            return
        number = message.topic.rpartition("/")[2]  # it asks for the server's limits
        client.publish(f"v1/devices/me/rpc/response/{number}", json.dumps(LIMITS))

    counter = mqtt.Client(CallbackAPIVersion.VERSION2, "counter")
    counter.on_message = hear
    counter.connect("127.0.0.1", server)
    counter.subscribe([(TELEMETRY, 1), (REQUESTS, 1)])
    counter.loop_start()
    try:
        yield lambda: taken
    finally:
        counter.disconnect()
        counter.loop_stop()


LIMITS = {"maxPayloadSize": 65536, "maxInflightMessages": 100, "rateLimits": {}}
LOGS = {"version": 1, "disable_existing_loggers": False, "root": {"level": "ERROR"}}


def general(server: int) -> dict[str, object]:
    return {
        "thingsboard": {
            "host": "127.0.0.1",
            "port": server,
            "remoteShell": False,
            "remoteConfiguration": False,
            "statistics": {"enable": False},
            "checkConnectorsConfigurationInSeconds": 3600,
            "security": {"type": "accessToken", "accessToken": "bench"},
            "qos": 1,
        },
        "storage": {"type": "memory", "read_records_count": 1000, "max_records_count": 1_000_000},
        "grpc": {"enabled": False},
        "connectors": [{"name": "mqtt", "type": "mqtt", "configuration": "mqtt.json"}],
    }


def connector(port: int) -> dict[str, object]:
    keys = ("battery", "humidity", "linkquality", "temperature", "voltage")
    return {
        "broker": {
            "host": "127.0.0.1",
            "port": port,
            "clientId": "thingsboard",
            "version": 5,
            "maxMessageNumberPerWorker": 10,
            "maxNumberOfWorkers": 100,
            "security": {"type": "anonymous"},
        },
        "mapping": [
            {
                "topicFilter": "zigbee2mqtt/+",
                "subscriptionQos": 1,
                "converter": {
                    "type": "json",
                    "deviceInfo": {
                        "deviceNameExpressionSource": "topic",
                        "deviceNameExpression": "(?<=zigbee2mqtt/)[^/]+",
                        "deviceProfileExpressionSource": "constant",
                        "deviceProfileExpression": "default",
                    },
                    "sendDataOnlyOnChange": False,
                    "timeout": 60000,
                    "attributes": [],
                    "timeseries": [
                        {"type": "double", "key": key, "value": f"${{{key}}}"} for key in keys
                    ],
                },
            }
        ],
    }


def main(folder: str) -> None:
    from thingsboard_gateway.gateway.tb_gateway_service import TBGatewayService

    os.chdir(folder)
    service = TBGatewayService(f"{folder}/tb_gateway.json")
    threading.Event().wait()
    del service


if __name__ == "__main__":
    main(sys.argv[1])
