"""How many of a corpus' stated values does `linli decode` get right, per dialect?

    python benchmarks/decode_score.py CORPUS.jsonl [--wrong]

A value is right when a reading of its quantity has it, after conversion of the unit. One
reading counts for one stated value. A stated value that stands for no measurement (327.67), or is
personal, is right when it is refused; one that a broken message states is wrong unless it was found
in spite of that. Messages of kind `nonreading` and `malformed` must give
nothing that is not stated; what they do is counted as invented. Of `discovery` it is counted
that no reading comes of it: what was learnt shows in the messages behind it.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from math import isclose
from pathlib import Path
from typing import Any

from devices import units
from devices.measure import measure
from devices.normaliser import PERSONAL
from devices.quantity import canonical, find

TRUE = {True: 1.0, False: 0.0}
MAKERS_UNITS = {"vdd": "mV"}
"""Where the corpus gives no unit, and the maker's documentation (Elsys) does."""


def squash(name: str) -> str:
    return name.replace("_", "").lower()


def refused_rightly(stated: dict[str, Any]) -> bool:
    """Does it stand for no measurement, or is it nobody's business?"""
    quantity = find(stated["quantity"])
    sentinels = quantity.sentinels if quantity else ()
    return stated["quantity"] in PERSONAL or stated["value"] in sentinels


def named(stated: dict[str, Any]) -> tuple[str, str]:
    """What the corpus calls it, and what the source itself does. `Power: on` is no power."""
    name = stated["quantity"]
    if canonical(name) == "power" and isinstance(stated["value"], str):
        name = "switch"
    return name, stated["path"].rpartition(".")[2]


def same_name(stated: str, reading: dict[str, Any]) -> bool:
    found, device = reading["quantity"].partition("#")[0], reading["device"].partition("#")[0]
    if canonical(stated) == found or squash(stated) == squash(found):
        return True
    # A SenML name is the device's and the quantity's in one, or the device's alone.
    return stated == device or (stated.startswith(device) and stated.endswith(found))


def same_value(stated: Any, unit: str, reading: dict[str, Any]) -> bool:
    value = reading["value"]
    if isinstance(stated, bool):
        return value == TRUE[stated]
    quantity = find(reading["quantity"])
    if isinstance(stated, str) and quantity is not None and quantity.kind == "flag":
        return measure(quantity.name, stated).value == value
    if isinstance(stated, str) or isinstance(value, str):
        return str(stated) == str(value) or _number(stated) == _number(value) is not None
    return any(isclose(v, value, rel_tol=1e-6, abs_tol=1e-9) for v in _forms(stated, unit, reading))


def _forms(stated: float, unit: str, reading: dict[str, Any]) -> list[float]:
    """The stated number in the reading's unit; as it is where the source states no unit."""
    source, target = units.parse(unit), units.parse(reading["unit"])
    if source and target and source.dimension == target.dimension:
        return [units.convert(stated, source, target)]
    quantity = find(reading["quantity"])
    if unit and source is None and quantity is not None and unit not in ("bool", "state", "lqi"):
        return []
    return [stated]


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def score(record: dict[str, Any], answer: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
    """(values right, stated values that are missing)"""
    left = list(answer["readings"])
    missing = []
    for stated in record["expected"]:
        for index, reading in enumerate(left):
            unit = stated["unit"] or MAKERS_UNITS.get(stated["quantity"], "")
            if any(same_name(name, reading) for name in named(stated)) and same_value(
                stated["value"], unit, reading
            ):
                del left[index]
                break
        else:
            if not refused_rightly(stated):
                missing.append(stated)
    return len(record["expected"]) - len(missing), missing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--wrong", action="store_true", help="print each value that is missing")
    args = parser.parse_args()
    records = [json.loads(line) for line in args.corpus.read_text().splitlines()]
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "decode", "--jsonl"],
        input=args.corpus.read_bytes(),
        stdout=subprocess.PIPE,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(records), "one answer per record"
    right: Counter[str] = Counter()
    stated: Counter[str] = Counter()
    messages: Counter[str] = Counter()
    invented = announced = renamed = 0
    for record, answer in zip(records, answers, strict=True):
        dialect = record["dialect"]
        messages[dialect] += 1
        if record["kind"] == "discovery":
            announced += 1
            invented += len(answer["readings"])
            continue
        good, missing = score(record, answer)
        right[dialect] += good
        stated[dialect] += len(record["expected"])
        if record["kind"] in ("nonreading", "malformed"):
            extra = max(0, len(answer["readings"]) - len(record["expected"]))
            invented += extra
            if extra and args.wrong:
                print("INVENTED", record["id"], answer["readings"])
        renamed += sum(
            any(same_value(m["value"], m["unit"], r) for r in answer["readings"]) for m in missing
        )
        for value in missing if args.wrong else ():
            print("MISSING", record["id"], value, answer["status"], answer["reason"])
    for dialect in sorted(messages):
        print(f"{dialect:26} {messages[dialect]:4} messages {right[dialect]:4} / {stated[dialect]}")
    total = sum(stated.values())
    print(
        f"all: {sum(right.values())} of {total} stated values = "
        f"{100 * sum(right.values()) / total:.2f} %, "
        f"{renamed} more under another name; invented {invented}; "
        f"{announced} announcements gave no reading"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
