"""Each maker's own examples of bytes and what they mean."""

import pytest

from devices.codec import Ignored, Malformed
from devices.uplink import Uplink, makers, read

EXAMPLES = [
    # Milesight-IoT/SensorDecoders, README of each model
    ("milesight em300-mcs", 85, "01755C 03673401 046865 060001",
     {"battery": 92, "temperature": 30.8, "humidity": 50.5, "magnet_status": "opened"}),
    ("milesight em300-di", 85, "01755C 03673401 046865",
     {"battery": 92, "temperature": 30.8, "humidity": 50.5}),
    ("milesight em400-tld", 85, "01755C 03670101 04824408 050001",
     {"battery": 92, "temperature": 25.7, "distance": 2116, "position": "tilt"}),
    ("milesight em400-tld", 85, "8367e80001 8482410601",
     {"temperature": 23.2, "temperature_alarm": True, "distance": 1601, "distance_alarm": True}),
    ("milesight em500-swl", 85, "017564 03770200", {"battery": 100, "water_level": 2}),
    ("milesight em500-lgt", 85, "017564 039450000000", {"battery": 100, "illumination": 80}),
    ("milesight em500-pp", 85, "017564 037B0A00", {"battery": 100, "water_pressure": 10}),
    ("milesight ws523", 85,
     "087001 05812C 07C94A00 03743009 068309660000 048007000000",
     {"socket_status": "on", "power_factor": 44, "current": 74, "voltage": 235.2,
      "energy": 26121, "active_power": 7}),
    ("milesight am107", 85,
     "01755C 03673401 046865 056A4900 06651C0079001400 077DE704 087D0700 09733F27",
     {"battery": 92, "temperature": 30.8, "humidity": 50.5, "activity": 73, "illumination": 28,
      "infrared_and_visible": 121, "infrared": 20, "co2": 1255, "tvoc": 7,
      "pressure": 1004.7}),
    ("milesight am319-hcho", 85,
     "0367EE00 04687C 050001 06CB02 077DA803 087D2500 09736627 0A7D0700 0B7D2000 0C7D3000",
     {"temperature": 23.8, "humidity": 62, "pir": "trigger", "light_level": 2, "co2": 936,
      "tvoc": 0.37, "pressure": 1008.6, "hcho": 0.07, "pm2_5": 32, "pm10": 48}),
    ("milesight vs133", 85, "05CC02000100", {"people_in": 2, "people_out": 1}),
    ("milesight vs133", 85, "0FE302100709",
     {"region_1_count": 2, "region_2_count": 16, "region_3_count": 7, "region_4_count": 9}),
    ("milesight vs330", 85, "017562 02820F00 038E01 048E01",
     {"battery": 98, "distance": 15, "occupancy": "occupied", "calibration_status": "success"}),
    ("milesight ws202", 85, "017510 030001 040000",
     {"battery": 16, "pir": "trigger", "daylight": "dark"}),
    ("milesight ct101", 85, "039710270000", {"total_current": 100}),
    ("milesight ct101", 85, "017564 0498FFFF", {"battery": 100}),  # FFFF: read failed
    # decentlab/decentlab-decoders, the examples under each decoder
    ("decentlab dl-tbrg", 1, "0202f8 0003 0004 0258 409a 0000 0c54",
     {"precipitation": 0.4, "precipitation_interval": 600,
      "cumulative_precipitation": 1653.8, "battery_voltage": 3.156}),
    ("decentlab dl-tbrg", 1, "0202f8 0002 0c54", {"battery_voltage": 3.156}),
    ("decentlab dl-ds18", 1, "02023d 0003 815e 0c15",
     {"temperature": 21.875, "battery_voltage": 3.093}),
    ("decentlab dl-mbx", 1, "02012f 0003 04d2 0001 0bb1",
     {"distance": 1234, "battery_voltage": 2.993}),
    ("decentlab dl-iam", 1, "020bbd 007f 0b92 6a515d48 bc4e 02620069 81c7000093d4 000b 0111",
     {"battery_voltage": 2.962, "air_temperature": 27.678, "air_humidity": 36.439,
      "barometric_pressure": 96412, "co2_concentration": 455, "activity_counter": 11,
      "total_voc": 273}),
    # TheThingsNetwork/lorawan-devices, vendor/dragino, and frames of koestler/go-mqtt-to-influx
    ("dragino lht52", 2, "0b3d 01f4 7fff 01 6307e5b6",
     {"TempC_SHT": 28.77, "Hum_SHT": 50.0, "Ext": 1}),
    ("dragino lsn50v2-s31", 2, "0e6f 0000 010c 00 0117 01f6",
     {"BatV": 3.695, "TempC1": 0.0, "ADC_CH0V": 0.268, "Digital_IStatus": "L",
      "EXTI_Trigger": False, "Door_status": "OPEN", "TempC_SHT": 27.9, "Hum_SHT": 50.2}),
    ("dragino lsn50v2-d20", 2, "0e20 ffff 0000 0c ffff ffff",
     {"BatV": 3.616, "ADC_CH0V": 0.0, "Digital_IStatus": "L", "EXTI_Trigger": False,
      "Door_status": "OPEN"}),
    ("dragino lds02", 10, "bc0c 01 000006 000010 00",
     {"BAT_V": 15.372, "DOOR_OPEN_STATUS": True, "DOOR_OPEN_TIMES": 6,
      "LAST_DOOR_OPEN_DURATION": 16}),
    # Elsys: "Elsys LoRa payload"; the frame is an ERS Sound's
    ("elsys ers", 5, "0100e2 0229 040027 0506 070d62 150710",
     {"temperature": 22.6, "humidity": 41, "light": 39, "pir": 6, "vdd": 3426, "soundPeak": 7,
      "soundAvg": 16}),
    ("elsys elt", 5, "0cff38 0d01 1400 0f7318", {"externalTemperature": -20.0, "digital": 1,
                                                 "pressure": 1012.504}),
    # thingsboard/data-converters, guides of each model
    ("netvox r718wb", 6, "0112 01 24 01 000000000000",
     {"battery_voltage": 3.6, "water_leak": "leak"}),
    ("netvox r718da", 6, "011a 01 24 01 000000000000",
     {"battery_voltage": 3.6, "ball_status": "on"}),
    ("netvox r720flt", 6, "01d4 01 24 0000002f 00 00 00",
     {"battery_voltage": 3.6, "water_count": 47, "fault": "off", "water_leak": "no leak"}),
    ("netvox r718pa6", 6, "0157 06 00 ffff 0005 ffff 00", {"so2": 0.5}),
    ("bosch parking_lot_sensor", 2, "01 12",
     {"type": "heartbeat", "occupied": True, "temperature": 18}),
    ("bosch parking_lot_sensor", 1, "00", {"type": "parking status", "occupied": False}),
    ("nwave g4_nps_sm", 1, "95",
     {"type": "parking_status", "occupied": True, "previous_state_duration": 74,
      "previous_state_duration_error": 0, "previous_state_duration_overflow": False}),
]  # fmt: skip


@pytest.mark.parametrize(("about", "port", "hexadecimal", "stated"), EXAMPLES)
def test_example(about: str, port: int, hexadecimal: str, stated: dict[str, object]) -> None:
    fields = read(Uplink(port, bytes.fromhex(hexadecimal), about=about))
    found = {field.name: field.value for field in fields}
    assert found == {
        name: pytest.approx(value, abs=1e-3) if isinstance(value, float) else value
        for name, value in stated.items()
    }


@pytest.mark.parametrize(
    ("about", "port", "hexadecimal"),
    [
        ("milesight em300-th", 85, "01755C 0367"),
        ("milesight em300-th", 85, "01"),
        ("decentlab dl-tbrg", 1, "0202f8 0003 0004 0258"),
        ("decentlab dl-tbrg", 1, "0102f8 0002 0c54"),
        ("dragino lht65", 2, "0b45"),
        ("elsys ers", 5, "0100"),
        ("elsys ers", 5, "ff"),
        ("netvox r718wb", 6, "011201"),
        ("bosch parking_lot_sensor", 3, "01"),
        ("nwave g4_nps_sm", 2, "01"),
        ("sensiedge", 85, "00"),
    ],
)
def test_cut_off(about: str, port: int, hexadecimal: str) -> None:
    with pytest.raises(Malformed):
        read(Uplink(port, bytes.fromhex(hexadecimal), about=about))


@pytest.mark.parametrize(
    ("about", "port", "hexadecimal"),
    [
        ("", 1, "aa"),  # the example of ChirpStack's documentation
        ("", 2, "0112"),  # a Bosch parking sensor, or anything else
        ("", 2, "0b450aa601f4010a9b7fff"),  # eleven bytes of some Dragino
        ("dragino", 2, "0b450aa601f4010a9b7fff"),
        ("decentlab dl-unheard-of", 1, "0202f80003000402584 09a00000c54".replace(" ", "")),
        ("netvox", 7, "8112000000000000000000"),
        ("", 85, ""),
    ],
)
def test_nothing_is_guessed(about: str, port: int, hexadecimal: str) -> None:
    with pytest.raises(Ignored):
        read(Uplink(port, bytes.fromhex(hexadecimal), about=about))


def test_bytes_that_describe_themselves_have_one_maker() -> None:
    """No example is surely of two makers."""
    for _, port, hexadecimal, _ in EXAMPLES:
        uplink = Uplink(port, bytes.fromhex(hexadecimal))
        sure = [name for name, maker in makers().items() if maker.surely(uplink)]
        assert len(sure) <= 1, (hexadecimal, sure)


def test_stored_records_carry_their_own_time() -> None:
    fields = read(Uplink(85, bytes.fromhex("20CE9E74466310015D01"), about="milesight em300-mcs"))
    assert [(f.name, f.value, f.measured_at) for f in fields] == [
        ("temperature", 27.2, 1_665_561_758_000),
        ("humidity", 46.5, 1_665_561_758_000),
    ]
