"""`linli decode`: what a message says, without a gateway, a broker or a site."""

import argparse
import base64
import binascii
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from devices.decoder import Decoded, Decoder, codecs
from devices.registry import Admission
from gateway.clock import SystemClock
from gateway.model import Duration, Millis, Packet, Reading

FORMS = ("flat_json", "plain_scalar")
"""Dialects of whatever has their form: to be recognised as such says little."""
HELP = "Read messages on stdin and print the readings found in them, or why there are none."
EXAMPLE = """\
  mosquitto_sub -t zigbee2mqtt/door -C 1 | linli decode --topic zigbee2mqtt/door
  linli decode --jsonl < messages.jsonl

With --jsonl each line is a message: {"id", "topic", "payload" or "payload_b64", "retain"}. What
is learnt from one (units from Home Assistant's discovery) is known to those behind it. Two keys
may say what an installer knows and the bytes do not:
  "device"   maker and model ("Bosch Parking_Lot_Sensor"), as `model:` in devices.yaml: for raw
             LoRaWAN bytes, and for names that mean something else with each model
  "dialect"  how the device talks, as --dialect; heeded only where topic and payload do not tell"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dialect", default="", help="how the device talks: " + ", ".join(codecs())
    )
    parser.add_argument("--topic", default="", help="MQTT topic of the message")
    parser.add_argument("--jsonl", action="store_true", help="many messages; one JSON object each")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    if args.dialect and args.dialect not in codecs():
        print(f"there is no dialect {args.dialect!r}; see linli decode --help", file=sys.stderr)
        return 2
    # Every device may speak, and samples are no timeline: two equal ones are no redelivery.
    decoder = Decoder(admissions=[Admission(id="everybody")], repeated=Duration(0))
    clock = SystemClock()
    if args.jsonl:
        for answer in answers(sys.stdin.buffer, decoder, args, clock):
            print(json.dumps(answer, ensure_ascii=False), flush=True)
        return 0
    packet = Packet(args.topic, sys.stdin.buffer.read(), dialect=args.dialect)
    decoded = decoder.decode(packet, clock.now())
    if args.json:
        print(json.dumps(described(None, decoded), ensure_ascii=False))
    else:
        _print(decoded)
    return 1 if decoded.status == "malformed" else 0


def answers(
    lines: Iterable[bytes], decoder: Decoder, args: argparse.Namespace, clock: SystemClock
) -> Iterator[dict[str, Any]]:
    """One answer per record, in order."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            packet, model, dialect = _packet(record, args), *_hints(record)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            wrong = Decoded("malformed", f"line {number} is no record: {error}")
            yield described(None, wrong)
            continue
        yield described(record.get("id"), _decoded(decoder, packet, clock.now(), model, dialect))


def described(id: Any, decoded: Decoded) -> dict[str, Any]:
    """The fixed form in which other programs read it."""
    return {
        "id": id,
        "status": decoded.status,
        "reason": decoded.reason,
        "dialect": decoded.dialect,
        "readings": [
            {
                "device": reading.device,
                "quantity": reading.quantity,
                "value": reading.value,
                "unit": reading.unit,
                "measured_at": _iso(reading.measured_at),
            }
            for reading in decoded.readings
        ],
    }


def _decoded(decoder: Decoder, packet: Packet, at: Millis, model: str, dialect: str) -> Decoded:
    """What *packet* says; as *dialect* where nothing, or only its form, tells what it is."""
    decoded = decoder.decode(packet, at, model)
    if not dialect or packet.dialect or decoded.dialect not in ("", *FORMS):
        return decoded
    named = decoder.decode(msgspec.structs.replace(packet, dialect=dialect), at, model)
    return decoded if decoded.readings and not named.readings else named


def _hints(record: Any) -> tuple[str, str]:
    """(model, dialect) as the record states them; '' where it does not, or none that is known."""
    model, dialect = record.get("device"), record.get("dialect")
    known = isinstance(dialect, str) and dialect in codecs()
    return model if isinstance(model, str) else "", dialect if known else ""


def _packet(record: Any, args: argparse.Namespace) -> Packet:
    if "payload_b64" in record:
        try:
            payload = base64.b64decode(record["payload_b64"], validate=True)
        except binascii.Error as error:
            raise ValueError(f"payload_b64: {error}") from None
    else:
        # A lone surrogate in a record's text stands for bytes that were no text.
        payload = str(record.get("payload", "")).encode(errors="surrogatepass")
    topic = args.topic or record.get("topic") or ""
    return Packet(str(topic), payload, retained=bool(record.get("retain")), dialect=args.dialect)


def _print(decoded: Decoded) -> None:
    print(f"{decoded.status}: {decoded.dialect or 'no dialect'}")
    if decoded.reason:
        print(f"  {decoded.reason}")
    for reading in decoded.readings:
        print(f"  {_line(reading)}")


def _line(reading: Reading) -> str:
    value = reading.value if isinstance(reading.value, str) else f"{reading.value:g}"
    measured = _iso(reading.measured_at)
    return f"{reading.device}  {reading.quantity} {value} {reading.unit}  {measured or ''}".rstrip()


def _iso(at: Millis | None) -> str | None:
    if at is None:
        return None
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
