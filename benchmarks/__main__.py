"""Runs the benchmarks one after the other, each in a process of its own, and names the machine."""

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

CORPUS = Path(__file__).parents[2] / "shared" / "data" / "payloads" / "dev.jsonl"
ORDER: dict[str, list[str]] = {
    "box": [],
    "ingest": [],
    "flood": [],
    "reaction": [],
    "peers": [],
    "store": [],
    "rules": [],
    "vision": [],
    "influx": [],
    "console": [],
    "decode_speed": [],
    "decode_score": [str(CORPUS)],
}
"""Name of the module -> its arguments. What is not there yet is passed over."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", metavar="NAME", help=f"some of {', '.join(ORDER)} (all)")
    wanted = parser.parse_args().only or list(ORDER)
    print(f"{_machine()}\n")
    worst = 0
    for name in wanted:
        if not (Path(__file__).parent / f"{name}.py").exists():
            continue
        if name == "decode_score" and not CORPUS.exists():
            print(f"## {name}: passed over, there is no {CORPUS}")
            continue
        print(f"## {name}", flush=True)
        code = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *ORDER[name]]).returncode
        worst = max(worst, abs(code))
        print(flush=True)
    return worst


def _machine() -> str:
    cpus = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{os.cpu_count()} x {cpus[0] if cpus else platform.machine()}, {memory:.0f} GB, "
        f"Python {platform.python_version()}, {platform.system()} {platform.release()}"
    )


if __name__ == "__main__":
    sys.exit(main())
