"""The command line: each module of `gateway.commands` is one command."""

import argparse
import sys
from collections.abc import Sequence

import gateway.commands
from gateway.plugins import modules

USAGE = 2


def parser() -> argparse.ArgumentParser:
    """A command module has `HELP`, `EXAMPLE`, `arguments(parser)` and `run(args) -> int`."""
    top = argparse.ArgumentParser(
        prog="linli", description="Linli (邻里): the neighbourhood edge gateway."
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in modules(gateway.commands):
        name = module.__name__.rpartition(".")[2]
        command = commands.add_parser(
            name,
            help=module.HELP,
            description=module.HELP,
            epilog=f"example:\n{module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.arguments(command)
        command.set_defaults(run=module.run)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. 0: good, 1: a problem was found, 2: wrong usage."""
    args = parser().parse_args(argv)
    try:
        return int(args.run(args))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
