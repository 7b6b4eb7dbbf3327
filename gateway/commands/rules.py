"""`linli rules`: test rules, try a change on the past, see why one fired; keep it or let it go."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from textwrap import indent
from zoneinfo import ZoneInfo

import msgspec

from config.build import nearest
from config.load import Invalid, load
from config.schema import Config
from config.suites import suites
from devices.registry import Registry
from gateway import backtest_report, backtests, rule_tests, rule_upkeep
from gateway.backtests import Answer, Past, Progress, Question
from gateway.clock import SystemClock
from gateway.influx_history import InfluxHistory, NoAnswer
from gateway.model import Duration, Millis, Subject
from gateway.sinks.influx import Influx
from gateway.store.logbook import Logbook
from rules.rule import Rule
from rules.variants import Variant, variants

HELP = "Test rules, try changes on the past or in shadow, see why one did or did not fire."
EXAMPLE = """  linli rules test my-site
  linli rules test my-site/rules/waste.yaml --junit report.xml
  linli rules backtest my-site --rule bin-full --set above=70:95:5 --html report.html
  linli rules explain my-site bin-full --key bin-1 --at '2026-05-01 22:15'
  linli rules promote my-site bin-full --why 'a week without a false alarm'"""

RECENT = Duration.parse("30d")
DEEDS = {
    "promote": (rule_upkeep.promote, "put the form that is on trial in force"),
    "discard": (rule_upkeep.discard, "end a trial"),
    "rollback": (rule_upkeep.roll_back, "bring back what the rule was before"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    jobs = parser.add_subparsers(dest="job", metavar="JOB", required=True)
    test = jobs.add_parser("test", help="run the tests that stand beside the rules")
    test.add_argument("path", type=Path, metavar="PATH", help="a file, a folder, or a site")
    test.add_argument("--json", action="store_true", help="for programs")
    test.add_argument("--junit", type=Path, metavar="FILE", help="also write a JUnit report")
    test.set_defaults(do=_test)
    _of_the_past(jobs)
    _of_one_rule(jobs)


def _of_the_past(jobs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    back = jobs.add_parser(
        "backtest",
        help="what rules would have told over the stored past",
        epilog=f"columns:\n{indent(backtest_report.LEGEND, '  ')}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    back.add_argument("site", type=Path, metavar="SITE", help="the site's folder")
    back.add_argument("--rule", metavar="ID", help="only this rule; needed for --set")
    back.add_argument("--from", dest="start", metavar="TIME", help="2026-05-01, or 14d ago")
    back.add_argument("--to", dest="end", metavar="TIME", help="the same; else all there is")
    back.add_argument(
        "--set",
        dest="settings",
        metavar="NAME=VALUES",
        action="append",
        default=[],
        help="try above=80, above=70:95:5, for=5m,10m; several make every combination",
    )
    back.add_argument(
        "--from-influx",
        dest="influx",
        metavar="SINK",
        nargs="?",
        const="",
        help="over what this destination has written to an InfluxDB (1.x, or with InfluxQL)",
    )
    back.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    back.add_argument("--json", action="store_true", help="for programs")
    back.add_argument("--html", type=Path, metavar="FILE", help="also write a page with plots")
    back.set_defaults(do=_backtest)


def _of_one_rule(jobs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    why = jobs.add_parser("explain", help="why a rule fired at a time, or did not")
    why.add_argument("--at", metavar="TIME", help="2026-05-01 22:15, or 2h ago")
    why.add_argument("--key", metavar="KEY", help="only this device, camera or place")
    why.add_argument("--since", metavar="TIME", default="7d", help="judge from there on (7d)")
    why.add_argument("--json", action="store_true", help="for programs")
    why.set_defaults(do=_explain)
    was = jobs.add_parser("versions", help="what a rule was, with who, when and why")
    was.set_defaults(do=_versions)
    single = [why, was]
    for name, (deed, help) in DEEDS.items():
        job = jobs.add_parser(name, help=f"{help}; a running gateway follows within seconds")
        job.add_argument("--why", default="", metavar="TEXT", help="for whoever asks later")
        job.set_defaults(do=_change, deed=deed)
        single.append(job)
    for job in single:
        job.add_argument("site", type=Path, metavar="SITE", help="the site's folder")
        job.add_argument("rule", metavar="RULE", help="its id")


def _test(args: argparse.Namespace) -> int:
    found = suites(args.path)
    problems = [problem for suite in found for problem in suite.problems]
    if problems:
        for problem in problems:
            print(problem, file=sys.stderr)
        return 1
    results = [result for suite in found for result in rule_tests.run(suite)]
    if not results:
        print(f"{args.path}: there are no tests here; write some under `tests:`", file=sys.stderr)
        return 2
    if args.junit:
        try:
            args.junit.write_bytes(rule_tests.junit(results))
        except OSError as error:
            raise _Wrong(f"{args.junit}: cannot be written: {error.strerror}") from None
    if args.json:
        print(json.dumps([result._asdict() for result in results], ensure_ascii=False, indent=1))
    else:
        print(rule_tests.table(results))
    return 1 if any(result.differences for result in results) else 0


class _Wrong(Exception):
    """What was asked for cannot be done; the text says why."""


def run(args: argparse.Namespace) -> int:
    try:
        return int(args.do(args))
    except Invalid as error:
        print(error, file=sys.stderr)
        return 1
    except (_Wrong, NoAnswer, rule_upkeep.Impossible) as error:
        print(error, file=sys.stderr)
        return 2


def _backtest(args: argparse.Namespace) -> int:
    answers = list(_answers(args, load(args.site)))
    if args.json:
        found = [backtest_report.plain(question, answer) for question, answer in answers]
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        print(backtest_report.table(answers) if answers else f"{args.site}: it has no rules")
    if args.html:
        args.html.write_text(backtest_report.page(answers), "utf-8")
    return 0


def _answers(args: argparse.Namespace, config: Config) -> Iterator[tuple[Question, Answer]]:
    path, first, last = _past(config) if args.influx is None else _elsewhere(config, args.influx)
    start = _time(args.start, last, config.site.zone) if args.start else first
    end = _time(args.end, last, config.site.zone) if args.end else last
    chosen = [_rule(config, args.rule)] if args.rule else config.rules
    if args.settings and len(chosen) > 1:
        raise _Wrong("--set needs --rule: which rule is to be changed?")
    subjects = _subjects(config)
    for rule in chosen:
        question = Question(
            variants=_variants(rule, args.settings),
            others=[other for other in config.rules if other.id in rule.unless],
            subjects=subjects,
            zone=config.site.zone,
            start=start,
            end=end,
            silences=config.silences,
        )
        yield question, backtests.run(path, question, _progress(rule, subjects), args.workers)
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)


def _explain(args: argparse.Namespace) -> int:
    config = load(args.site)
    path, first, last = _past(config)
    rule, zone = _rule(config, args.rule), config.site.zone
    at = _time(args.at, last, zone) if args.at else last
    question = Question(
        variants=[Variant("as it is", rule)],
        others=[other for other in config.rules if other.id in rule.unless],
        subjects=_subjects(config),
        zone=zone,
        start=max(first, _time(args.since, at, zone)),
        end=at,
        silences=config.silences,
    )
    found = [one for one in backtests.explain(path, question) if args.key in (None, one.key)]
    if args.json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
        return 0
    for one in found:
        print(f"{one.rule}  {one.key}: {'; '.join(why.text for why in one.reasons)}")
        for device in one.devices:
            print(f"  {device.device}: {device.state}")
            for why in device.reasons:
                print(f"    {why.text}")
    if not found:
        what = f" about {args.key!r}" if args.key else ""
        print(f"{rule.id}: nothing that it looks at was heard{what} since then", file=sys.stderr)
    return 0 if found else 1


def _versions(args: argparse.Namespace) -> int:
    config = load(args.site)
    found = rule_upkeep.versions(args.site, _rule(config, args.rule).id)
    for version in found:
        at = _date(version.at, config.site.zone) if version.at is not None else "before"
        print(f"{at}  {version.who}  {version.why}".rstrip())
        print(indent(version.yaml, "    "))
    if not found:
        print(f"{args.rule}: no change of it was recorded", file=sys.stderr)
    return 0


def _change(args: argparse.Namespace) -> int:
    for file in args.deed(args.site, args.rule, args.why):
        print(f"{args.site / file}: written")
    return 0


def _date(at: Millis, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at / 1000, zone):%Y-%m-%d %H:%M}"


def _past(config: Config) -> tuple[Path, Millis, Millis]:
    """The store, and the instants from the first to after the last thing in it."""
    path = config.root / "data" / "linli.db"
    extent = Logbook(path).extent() if path.exists() else None
    if extent is None:
        raise _Wrong(f"{path}: there is no past yet; run the gateway first")
    return path, extent[0], extent[1] + 1


def _elsewhere(config: Config, name: str) -> tuple[Past, Millis, Millis]:
    """What an InfluxDB has of the last 30 days; labels and scenes are the store's."""
    known = {s.id: s for s in config.reading_sinks if isinstance(s, Influx)}
    if not name and len(known) == 1:
        (name,) = known
    if name not in known:
        raise _Wrong(f"--from-influx: which one?{nearest(name, known)}" if known else
                     "--from-influx: no destination of this site is an InfluxDB")  # fmt: skip
    store, now = config.root / "data" / "linli.db", SystemClock().now()
    log = Logbook(store) if store.exists() else None
    return Past(InfluxHistory(known[name], config.root), log), now - RECENT, now


def _rule(config: Config, id: str) -> Rule:
    for rule in config.rules:
        if rule.id == id:
            return rule
    raise _Wrong(f"there is no rule {id!r}{nearest(id, [rule.id for rule in config.rules])}")


def _variants(rule: Rule, settings: list[str]) -> list[Variant]:
    try:
        return variants(rule, settings)
    except ValueError as error:
        raise _Wrong(str(error)) from None


def _subjects(config: Config) -> dict[str, Subject]:
    place = config.site.place
    devices = Registry(config.devices, place).subjects()
    return {**devices, **{camera.id: camera.subject(place) for camera in config.cameras}}


def _time(text: str, last: Millis, zone: ZoneInfo) -> Millis:
    """`2026-05-01`, `2026-05-01 22:00` in the site's time, or `14d`: so long before the last."""
    try:
        return last - Duration.parse(text)
    except ValueError:
        pass
    try:
        return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)
    except ValueError:
        raise _Wrong(f"{text!r} is no time; write 2026-05-01, '2026-05-01 22:00' or 14d") from None


def _progress(rule: Rule, subjects: dict[str, Subject]) -> Progress:
    """A bar on a terminal; devices come in the order of their ids."""
    order = {id: n for n, id in enumerate(sorted(subjects), 1)}
    shown = sys.stderr.isatty()

    def tell(device: str, readings: int) -> None:
        if shown:
            done = order.get(device, 0) / max(len(order), 1)
            bar = "#" * round(30 * done)
            line = f"\r{rule.id:20.20} [{bar:30}] {readings:,} readings\x1b[K"
            print(line, end="", file=sys.stderr, flush=True)

    return tell
