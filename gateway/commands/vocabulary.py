"""`linli vocabulary`: the dialects and quantities that this version knows."""

import argparse
import importlib
import json
import math
from collections.abc import Iterator

from devices import units
from devices.decoder import codecs
from devices.quantity import TABLE, Quantity

HELP = "Print every dialect that is read, and every quantity with its unit and plausible range."
EXAMPLE = "  linli vocabulary | less"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    if args.json:
        print(json.dumps(_plain(), ensure_ascii=False))
    else:
        print("\n".join(markdown()))
    return 0


def markdown() -> Iterator[str]:
    """The two tables of docs/devices.md."""
    yield "### Dialects\n"
    yield "| dialect | what it is |"
    yield "|---|---|"
    for dialect in sorted(codecs()):
        yield f"| `{dialect}` | {_about(dialect)} |"
    yield "\n### Quantities\n"
    yield "| quantity | unit | plausible | also called | stands for no measurement |"
    yield "|---|---|---|---|---|"
    for quantity in TABLE:
        yield f"| `{quantity.name}` | {_unit(quantity)} | {_range(quantity)} | " + (
            f"{', '.join(quantity.aliases.split())} | {_sentinels(quantity)} |"
        )
    yield "\n### Units that are understood\n"
    for dimension in units.names():
        yield f"- {dimension}"


def _plain() -> dict[str, object]:
    return {
        "dialects": {dialect: _about(dialect) for dialect in sorted(codecs())},
        "quantities": [
            {
                "quantity": quantity.name,
                "unit": quantity.unit,
                "kind": quantity.kind,
                "low": None if math.isinf(quantity.low) else quantity.low,
                "high": None if math.isinf(quantity.high) else quantity.high,
                "aliases": quantity.aliases.split(),
            }
            for quantity in TABLE
        ],
    }


def _about(dialect: str) -> str:
    """The first sentence of the codec's own words, without the link."""
    words = importlib.import_module(codecs()[dialect].decode.__module__).__doc__ or ""
    return words.split("\n\n")[0].replace("\n", " ").split("http")[0].strip(" :;.,")


def _unit(quantity: Quantity) -> str:
    if quantity.kind == "flag":
        return "1 or 0"
    if quantity.kind == "state":
        return "words"
    return f"`{quantity.unit}`" + (" or words" if quantity.kind == "any" else "")


def _range(quantity: Quantity) -> str:
    if quantity.kind == "flag" or (math.isinf(quantity.low) and math.isinf(quantity.high)):
        return ""
    high = "" if math.isinf(quantity.high) else f"{quantity.high:g}"
    return f"{quantity.low:g} … {high}".strip()


def _sentinels(quantity: Quantity) -> str:
    return ", ".join(f"{value:.10g}" for value in quantity.sentinels)
