"""`linli check`: everything that is wrong with a site, before it runs."""

import argparse
import json
import sys
from pathlib import Path

from config.load import Invalid, load
from gateway import almanac
from gateway.clock import SystemClock

HELP = "Print every problem of a site, each with its file, its line and what to do."
EXAMPLE = "  linli check my-site"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", type=Path, metavar="DIR", help="the site's folder")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    try:
        config = load(args.site)
    except Invalid as error:
        if args.json:
            print(json.dumps([p._asdict() for p in error.problems], ensure_ascii=False))
        else:
            for problem in error.problems:
                print(f"{args.site / problem.file}:{problem.line}: {problem.what}")
            print(f"{len(error.problems)} problem(s)")
        return 1
    if args.json:
        print("[]")
    else:
        print(
            f"good: {len(config.devices)} devices, {len(config.cameras)} cameras, "
            f"{len(config.grids.all)} grids, "
            f"{len(config.rules)} rules, {len(config.sources)} ways in, "
            f"{len(config.sinks) + len(config.reading_sinks)} destinations"
        )
    year = almanac.unknown_year(config, SystemClock().now(), config.site.zone)
    if year is not None:
        print(f"warning: {almanac.warning(year)}", file=sys.stderr)
    return 0
