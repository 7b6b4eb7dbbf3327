"""Operators' tests of their rules: run, told as lines, told as JUnit."""

from collections.abc import Sequence
from time import perf_counter
from typing import NamedTuple
from xml.etree import ElementTree

from config.suites import Suite
from rules import cases


class Test(NamedTuple):
    """One test, run."""

    file: str
    line: int
    name: str
    differences: tuple[str, ...]
    seconds: float


def run(suite: Suite) -> list[Test]:
    """Every test of *suite*."""
    results = []
    for case, line in suite.cases:
        start = perf_counter()
        outcome = cases.run(case, suite.rules)
        took = round(perf_counter() - start, 6)
        results.append(Test(suite.file, line, case.name, outcome.differences, took))
    return results


def table(results: Sequence[Test]) -> str:
    """For a terminal: a line for each test, and under one that failed what was different."""
    lines = []
    for result in results:
        lines.append(f"{'FAIL' if result.differences else 'ok  '}  {result.name}")
        if result.differences:
            lines.append(f"      {result.file}:{result.line}   - expected, + happened")
            lines += [f"      {line}" for line in result.differences]
    failed = sum(bool(result.differences) for result in results)
    return "\n".join([*lines, f"{len(results)} tests, {failed} failed"])


def junit(results: Sequence[Test]) -> bytes:
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
