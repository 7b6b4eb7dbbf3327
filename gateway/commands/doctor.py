"""`linli doctor`: what is wrong with this box."""

import argparse
import json
from pathlib import Path

from gateway.checkup import examine

HELP = "Say what is wrong with this box, and what to do about it. Changes nothing."
EXAMPLE = "  linli doctor my-site"

MARKS = {"good": "  ok    ", "notice": "  note  ", "problem": "PROBLEM "}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", type=Path, nargs="?", default=Path(), metavar="DIR")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    if not args.site.is_dir():
        print(f"{args.site} is no folder; name the site's")
        return 2
    findings = list(examine(args.site))
    if args.json:
        print(json.dumps([finding._asdict() for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            print(f"{MARKS[finding.level]}{finding.about}: {finding.what}")
            if finding.todo:
                print(f"          -> {finding.todo}")
    return int(any(finding.level == "problem" for finding in findings))
