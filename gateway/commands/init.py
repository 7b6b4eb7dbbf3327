"""`linli init`: a commented site that runs as it is."""

import argparse
import os
import secrets
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from gateway.api.auth import FILE, User, Users, hash_password, new_password, write_users

HELP = "Write a commented site that runs as it is, and print the operator's password once."
EXAMPLE = "  linli init my-site && linli run my-site"

FIRST = (
    "mosquitto_pub -q 1 -u sensors -P \"$(sed -n 's/^mqtt_sensors: //p' {secrets})\" "
    "-t zigbee2mqtt/bin_01 -m '{{\"fill_level\": 95}}'"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", type=Path, metavar="DIR", help="a new or empty folder")


def run(args: argparse.Namespace) -> int:
    root: Path = args.site
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        print(f"{root} is there already and not empty; choose another folder", file=sys.stderr)
        return 1
    password = make_site(root, files("config") / "default_site")
    print(f"A site is in {root}/. Look at gateway.yaml first; `linli check {root}` checks it.")
    print()
    print("  user      operator")
    print(f"  password  {password}")
    print()
    print("The password is shown this once; only its hash is kept.")
    print(f"Start it with: linli run {root}")
    print("and send a first reading from a second terminal:")
    print(f"  {FIRST.format(secrets=root / 'secrets.yaml')}")
    return 0


def make_site(root: Path, template: Traversable, password: str = "") -> str:
    """Copy *template* to *root*, with secrets of its own; returns the operator's password."""
    root.mkdir(parents=True, exist_ok=True)
    _copy(template, root)
    private(root / "secrets.yaml", f"mqtt_sensors: {secrets.token_urlsafe(18)}\n")
    password = password or new_password()
    operator = User(role="admin", password=hash_password(password))
    write_users(root / FILE, Users(users={"operator": operator}))
    return password


def private(path: Path, text: str) -> None:
    """Write a file that nobody else on this machine may read."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _copy(template: Traversable, root: Path) -> None:
    for item in template.iterdir():
        if item.is_dir():
            (root / item.name).mkdir(exist_ok=True)
            _copy(item, root / item.name)
        elif item.name.endswith((".yaml", ".geojson")):
            (root / item.name).write_text(item.read_text(encoding="utf-8"), encoding="utf-8")
