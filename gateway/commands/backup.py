"""`linli backup`: one file from which a box can be built again."""

import argparse
from pathlib import Path

from gateway import archive
from gateway.store import StoreFailed

HELP = "Write the site's configuration and memory to one file, also while the gateway runs."
EXAMPLE = "  linli backup /media/usb/linli.tar.gz --site my-site"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="where to; a .tar.gz")
    parser.add_argument("--site", type=Path, default=Path(), metavar="DIR", help="default: here")
    parser.add_argument("--evidence", action="store_true", help="with the pictures of incidents")
    parser.add_argument("--secrets", action="store_true", help="with secrets, keys and accounts")


def run(args: argparse.Namespace) -> int:
    if not (args.site / "gateway.yaml").exists():
        print(f"{args.site}: here is no gateway.yaml; name the site's folder with --site")
        return 2
    try:
        archive.write(args.site, args.file, secrets=args.secrets, pictures=args.evidence)
    except (OSError, StoreFailed) as error:
        print(f"no backup was written: {error}")
        return 1
    left = [name for name in ("secrets", "evidence") if not getattr(args, name)]
    without = f"; left out, as not asked for: {', '.join(left)}" if left else ""
    print(f"{args.file}: {args.file.stat().st_size / 1e6:.2f} MB{without}")
    return 0
