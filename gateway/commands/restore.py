"""`linli restore`: a box is again what it was when the backup was made."""

import argparse
import shutil
import tempfile
from pathlib import Path

from gateway import archive
from gateway.store import StoreFailed, StoreLocked, StoreTooNew
from gateway.store.backup import faults, put, sync

HELP = "Put a backup's configuration and memory in place. The gateway must be stopped."
EXAMPLE = "  linli restore /media/usb/linli.tar.gz --site my-site"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="what `linli backup` wrote")
    parser.add_argument("--site", type=Path, default=Path(), metavar="DIR", help="default: here")


def run(args: argparse.Namespace) -> int:
    data = args.site / "data"
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=data, prefix="restore-") as folder:
            archive.unpack(args.file, Path(folder))
            return _place(Path(folder), args.site)
    except ValueError as error:
        print(f"{args.file}: not a whole backup ({error}); nothing was changed")
    except (StoreFailed, StoreTooNew, StoreLocked, OSError) as error:
        print(f"nothing was restored: {error}")
    return 1


def _place(unpacked: Path, site: Path) -> int:
    copied, database = unpacked / archive.DATABASE, site / archive.DATABASE
    if copied.exists():
        wrong = list(faults(copied))
        if wrong:
            print("the backup's database is damaged, nothing was changed:", *wrong, sep="\n  ")
            return 1
        if kept := put(copied, database):
            print(f"the memory before is kept as {kept}")
    for path in sorted(p for p in unpacked.rglob("*") if p.is_file()):
        target = site / path.relative_to(unpacked)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
        sync(target)
    print(f"{site} is restored; look it through with `linli check {site}`, then start the gateway")
    return 0
