"""How long does a message take from bytes to readings? CPU time, one core.

    python -m benchmarks.decode_speed [--messages N] [--repeat R]

Each figure is the median of R runs of N messages from 100 registered devices of a kind; no message
is like the one before it on its topic. `neighbourhood` is what the 240 devices of the simulated
community of `linli demo` send, by dialect.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import msgspec

from devices.decoder import Decoder
from devices.registry import DeviceSpec
from gateway.model import Packet
from simulators.neighbourhood import entries, sensors
from simulators.sensors import messages

START = 1_795_219_200_000
DEVICES = 100
STATE = (
    b'{"battery":100,"battery_low":false,"temperature":%d.5,"humidity":44,"linkquality":83,'
    b'"tamper":false,"voltage":3025,"water_leak":false}'
)
SENSOR = (
    b'{"Time":"2019-01-10T22:16:03","AM2301":{"Temperature":%d.2,"Humidity":30.8},"TempUnit":"C"}'
)
FOUR = b'{"temperature":%d.5,"humidity":44.25,"%s":183,"battery":93}'
ENERGY = (
    b'{"Time":"2019-01-10T22:16:03","ENERGY":{"TotalStartTime":"2018-12-22T18:02:52","Total":1.014,'
    b'"Yesterday":0.003,"Today":0.013,"Period":0,"Power":%d,"ApparentPower":130,"ReactivePower":41,'
    b'"Factor":0.95,"Voltage":228,"Current":0.567}}'
)
SWITCH = (
    b'{"id":0,"source":"init","output":true,"apower":%d.5,"voltage":230.1,"freq":50.0,'
    b'"current":0.1,"pf":0.9,"aenergy":{"total":1234.5,"by_minute":[1,2,3],"minute_ts":1789999980},'
    b'"temperature":{"tC":45.2,"tF":113.4}}'
)
KINDS: dict[str, Callable[[int], Packet]] = {
    "zigbee2mqtt, 8 values": lambda n: Packet(f"zigbee2mqtt/z{n % DEVICES}", STATE % degrees(n)),
    "zigbee2mqtt, 4 values": lambda n: Packet(
        f"zigbee2mqtt/z{n % DEVICES}", FOUR % (degrees(n), b"linkquality")
    ),
    "flat JSON, 4 values": lambda n: Packet(
        f"site/f{n % DEVICES}", FOUR % (degrees(n), b"illuminance")
    ),
    "plain, 1 value": lambda n: Packet(f"site/p{n % DEVICES}/temperature", b"%d.5" % degrees(n)),
    "tasmota, energy": lambda n: Packet(f"tele/t{n % DEVICES}/SENSOR", ENERGY % degrees(n)),
    "shelly 2, 8 values": lambda n: Packet(f"y{n % DEVICES}/status/switch:0", SWITCH % degrees(n)),
    "tasmota, 2 values": lambda n: Packet(f"tele/t{n % DEVICES}/SENSOR", SENSOR % degrees(n)),
}


def degrees(n: int) -> int:
    """Another one in each round through the devices."""
    return n // DEVICES % 30


def site() -> list[DeviceSpec]:
    known = [DeviceSpec(id=f"{kind}{n}") for kind in "zty" for n in range(DEVICES)]
    known += [DeviceSpec(id=f"f{n}", topic=f"site/f{n}") for n in range(DEVICES)]
    return known + [DeviceSpec(id=f"p{n}", topic=f"site/p{n}/temperature") for n in range(DEVICES)]


def spent(devices: Sequence[DeviceSpec], packets: Sequence[Packet]) -> tuple[float, int]:
    """(CPU seconds, readings) of *packets*, 20 ms apart, as one stream."""
    decoder = Decoder(devices)
    begin = time.process_time()
    found = sum(len(decoder.decode(p, START + 20 * n).readings) for n, p in enumerate(packets))
    return time.process_time() - begin, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    for name, make in KINDS.items():
        packets = [make(n) for n in range(args.messages)]
        report(name, site(), packets, args.repeat)
    community = sensors(story=False)
    devices = msgspec.convert(
        entries(community), list[DeviceSpec], dec_hook=lambda kind, raw: kind.parse(raw)
    )
    said: dict[str, list[Packet]] = {}
    for turn in range(args.messages // len(community)):
        for sensor in community:
            sent = messages(sensor, turn * sensor.period, START)
            said.setdefault(sensor.dialect, []).extend(Packet(m.topic, m.payload) for m in sent)
    for dialect, packets in sorted(said.items()):
        report(f"neighbourhood, {dialect}", devices, packets, args.repeat)


def report(
    name: str, devices: Sequence[DeviceSpec], packets: Sequence[Packet], repeat: int
) -> None:
    runs = [spent(devices, packets) for _ in range(repeat)]
    seconds, found = statistics.median(run[0] for run in runs), runs[0][1]
    each = 1e6 * seconds / len(packets)
    print(f"{name:28} {each:6.1f} us/message  {found / len(packets):4.1f} readings/message")


if __name__ == "__main__":
    main()
