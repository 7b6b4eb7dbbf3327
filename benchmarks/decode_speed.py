"""How long does a message take from bytes to readings? CPU time, one core.

python benchmarks/decode_speed.py [--messages N]
"""

import argparse
import time
from collections.abc import Callable

from devices.decoder import Decoder
from devices.registry import DeviceSpec
from gateway.model import Packet

START = 1_795_219_200_000
DEVICES = 100
STATE = (
    b'{"battery":100,"battery_low":false,"temperature":%d.5,"humidity":44,"linkquality":83,'
    b'"tamper":false,"voltage":3025,"water_leak":false}'
)
SENSOR = (
    b'{"Time":"2019-01-10T22:16:03","AM2301":{"Temperature":%d.2,"Humidity":30.8},"TempUnit":"C"}'
)
KINDS: dict[str, Callable[[int], Packet]] = {
    "zigbee2mqtt, 8 values": lambda n: Packet(f"zigbee2mqtt/z{n % DEVICES}", STATE % (n % 30)),
    "zigbee2mqtt, 2 values": lambda n: Packet(
        f"zigbee2mqtt/z{n % DEVICES}", b'{"temperature":%d.5,"humidity":44}' % (n % 30)
    ),
    "plain, 1 value": lambda n: Packet(f"site/p{n % DEVICES}/temperature", b"%d.5" % (n % 30)),
    "tasmota, 2 values": lambda n: Packet(f"tele/t{n % DEVICES}/SENSOR", SENSOR % (n % 30)),
}


def site() -> list[DeviceSpec]:
    known = [DeviceSpec(id=f"{kind}{n}") for kind in "zt" for n in range(DEVICES)]
    return known + [DeviceSpec(id=f"p{n}", topic=f"site/p{n}/temperature") for n in range(DEVICES)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    count = parser.parse_args().messages
    for name, make in KINDS.items():
        decoder, packets = Decoder(site()), [make(n) for n in range(count)]
        begin = time.process_time()
        found = sum(len(decoder.decode(p, START + 20 * n).readings) for n, p in enumerate(packets))
        spent = time.process_time() - begin
        print(f"{name:24} {1e6 * spent / count:6.1f} us/message {found / spent:9.0f} readings/s")


if __name__ == "__main__":
    main()
