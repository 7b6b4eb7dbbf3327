"""`linli rules`: test rules, try a change on the past, see why one did or did not fire."""

import argparse
import json
import sys
from pathlib import Path
from time import perf_counter
from typing import NamedTuple
from xml.etree import ElementTree

from config.suites import Suite, suites
from rules import cases

HELP = "Test rules, try a change on the past, see why one did or did not fire."
EXAMPLE = """  linli rules test my-site
  linli rules test my-site/rules/waste.yaml --junit report.xml"""


def arguments(parser: argparse.ArgumentParser) -> None:
    jobs = parser.add_subparsers(dest="job", metavar="JOB", required=True)
    test = jobs.add_parser("test", help="run the tests that stand beside the rules")
    test.add_argument("path", type=Path, metavar="PATH", help="a file, a folder, or a site")
    test.add_argument("--json", action="store_true", help="for programs")
    test.add_argument("--junit", type=Path, metavar="FILE", help="also write a JUnit report")
    test.set_defaults(do=_test)


def run(args: argparse.Namespace) -> int:
    return int(args.do(args))


class Result(NamedTuple):
    """One test, run."""

    file: str
    line: int
    name: str
    differences: tuple[str, ...]
    seconds: float


def _test(args: argparse.Namespace) -> int:
    found = suites(args.path)
    problems = [problem for suite in found for problem in suite.problems]
    if problems:
        for problem in problems:
            print(problem, file=sys.stderr)
        return 1
    results = [result for suite in found for result in _run(suite)]
    if not results:
        print(f"{args.path}: there are no tests here; write some under `tests:`", file=sys.stderr)
        return 2
    if args.junit:
        args.junit.write_bytes(_junit(results))
    if args.json:
        print(json.dumps([result._asdict() for result in results], ensure_ascii=False, indent=1))
    else:
        _show(results)
    return 1 if any(result.differences for result in results) else 0


def _run(suite: Suite) -> list[Result]:
    results = []
    for case, line in suite.cases:
        start = perf_counter()
        outcome = cases.run(case, suite.rules)
        took = round(perf_counter() - start, 6)
        results.append(Result(suite.file, line, case.name, outcome.differences, took))
    return results


def _show(results: list[Result]) -> None:
    for result in results:
        print(f"{'FAIL' if result.differences else 'ok  '}  {result.name}")
        if result.differences:
            print(f"      {result.file}:{result.line}   - expected, + happened")
            for line in result.differences:
                print(f"      {line}")
    failed = sum(bool(result.differences) for result in results)
    print(f"{len(results)} tests, {failed} failed")


def _junit(results: list[Result]) -> bytes:
    """The report that build servers read (the JUnit schema of Apache Ant)."""
    failed = sum(bool(result.differences) for result in results)
    suite = ElementTree.Element(
        "testsuite", name="linli rules", tests=str(len(results)), failures=str(failed)
    )
    for result in results:
        test = ElementTree.SubElement(
            suite, "testcase", classname=result.file, name=result.name, time=str(result.seconds)
        )
        if result.differences:
            failure = ElementTree.SubElement(test, "failure", message="other incidents")
            failure.text = "\n".join((f"{result.file}:{result.line}", *result.differences))
    return bytes(ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True))
