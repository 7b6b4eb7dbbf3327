"""The command line: each module of `gateway.commands` is one command."""

import argparse
import pkgutil
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.metadata import version

import gateway.commands


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. 0: good, 1: a problem was found, 2: wrong usage."""
    words = sys.argv[1:] if argv is None else list(argv)
    args = parser(words).parse_args(words)
    try:
        return int(args.run(args))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # whoever read has gone; saying so would fail as well
        return 1
    except OSError as error:
        print(f"linli {words[0]}: {error}", file=sys.stderr)
        return 1


def parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """A command module has `HELP`, `EXAMPLE`, `arguments(parser)` and `run(args) -> int`.

    Only the command that *words* name is imported: a box that starts need not load all.
    """
    top = argparse.ArgumentParser(
        prog="linli", description="Linli (邻里): the neighbourhood edge gateway."
    )
    top.add_argument("--version", action="version", version=f"Linli {version('linli-gateway')}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    known = sorted(info.name for info in pkgutil.iter_modules(gateway.commands.__path__))
    for name in _wanted(words, known):
        module = import_module(f"gateway.commands.{name}")
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


def _wanted(words: Sequence[str], known: Sequence[str]) -> Iterable[str]:
    return [words[0]] if words and words[0] in known else known


if __name__ == "__main__":
    sys.exit(main())
