"""`linli evidence`: is this picture what this box wrote, and when?"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gateway.box_key import FILE as KEY
from gateway.dossier import iso
from gateway.manifest import Chain, Entry, Trouble, read

HELP = "Say whether pictures are what this box wrote, when, and by which camera."
EXAMPLE = "  linli evidence verify data/evidence --site my-site"


class Finding(NamedTuple):
    """What is known of one file. `verdict`: genuine, altered or unknown."""

    file: str
    verdict: str
    entry: Entry | None


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    verify = verbs.add_parser("verify", help="check pictures, and the chain of the manifest")
    verify.add_argument(
        "path", type=Path, nargs="+", metavar="FILE|DIR", help="a picture, or a folder of them"
    )
    verify.add_argument("--site", type=Path, default=Path(), metavar="DIR", help="default: here")
    verify.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    """0: all are genuine and the chain is whole; 1: they are not; 2: nothing to check."""
    absent = [str(path) for path in args.path if not path.exists()]
    if absent:
        print(f"{', '.join(absent)}: not there", file=sys.stderr)
        return 2
    if not (args.site / KEY).exists():
        print(f"{args.site}: here is no {KEY}; name the site's folder with --site", file=sys.stderr)
        return 2
    chain = read(args.site)
    found = [_judged(file, chain) for path in args.path for file in _files(path)]
    if args.json:
        print(json.dumps(_told(found, chain), ensure_ascii=False))
    else:
        print("\n".join((*map(_line, found), *_chain_lines(chain))))
    return int(not chain.whole or any(one.verdict != "genuine" for one in found))


def _files(path: Path) -> Iterator[Path]:
    yield from sorted(path.rglob("*.jpg")) if path.is_dir() else (path,)


def _judged(file: Path, chain: Chain) -> Finding:
    """By its bytes; its name only tells what it ought to be."""
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    named = {entry.sha256: entry for entry in reversed(chain.entries)}
    if entry := named.get(sha256):
        return Finding(str(file), "genuine", entry)
    entry = named.get(file.stem)
    return Finding(str(file), "altered" if entry else "unknown", entry)


def _line(one: Finding) -> str:
    if one.entry is None:
        return f"UNKNOWN  {one.file}: no line of the manifest names it; this box did not write it"
    who = f"camera {one.entry.camera}" if one.entry.camera else "an operator"
    what = f"{who}, {iso(one.entry.at)}, as {one.entry.role!r} (line {one.entry.n})"
    if one.verdict == "genuine":
        return f"genuine  {one.file}: {what}"
    return f"ALTERED  {one.file}: it is not what this box wrote under this name ({what})"


def _chain_lines(chain: Chain) -> Iterator[str]:
    if chain.torn:
        yield "note     the manifest's last line was torn off while it was written: a power cut"
    yield from map(_trouble, chain.troubles)
    if chain.whole:
        yield f"whole    the manifest: {len(chain.entries)} lines, each follows the one before"


def _trouble(one: Trouble) -> str:
    match one.kind:
        case "missing":
            alone = one.first == one.last
            which = f"line {one.first} is" if alone else f"lines {one.first} to {one.last} are"
            return f"BROKEN   the manifest: {which} missing"
        case "altered":
            return f"BROKEN   the manifest: line {one.first} is not as this box wrote it"
        case _:
            return f"BROKEN   the manifest: line {one.first} does not follow the one before"


def _told(found: list[Finding], chain: Chain) -> dict[str, object]:
    return {
        "pictures": [_fields(one) for one in found],
        "chain": {
            "whole": chain.whole,
            "lines": len(chain.entries),
            "torn": chain.torn,
            "troubles": [one._asdict() for one in chain.troubles],
        },
    }


def _fields(one: Finding) -> dict[str, object]:
    entry = one.entry
    about = entry and {
        "line": entry.n,
        "camera": entry.camera,
        "role": entry.role,
        "taken_at": iso(entry.at),
    }
    return {"file": one.file, "verdict": one.verdict, **(about or {})}
