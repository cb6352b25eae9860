"""A review as JUnit XML, which CI servers show as tests: one suite for each source of checks, one for the steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal
from xml.etree import ElementTree

from inspector.records.optimization import Change
from inspector.records.review import Check, Review
from inspector.report.sentences import artifact_name, severity_counts
from inspector.report.visible import visible

CONTRACT: Final = "contract"
STEPS: Final = "steps"
REVIEW: Final = "review"

MOST_CASES: Final = 5_000
LONGEST: Final = 2_000
"""Characters of one text."""

Outcome = Literal["passed", "failure", "error", "skipped"]


@dataclass(frozen=True, slots=True)
class _Case:
    """One test: what was held, what became of it, and what was observed."""

    name: str
    outcome: Outcome
    message: str = ""
    output: str = ""
    seconds: float | None = None


def to_junit(review: Review) -> bytes:
    """Return the review as JUnit XML in UTF-8.

    A check that failed is a failure. One that is unknown is an error where the review fails by it, and skipped where nobody
    asked for more: it never counts as passed. Steps that were rejected are failures, those that did not run are skipped.
    """
    suites = [(name, cases[:MOST_CASES]) for name, cases in _suites(review) if cases]
    root = ElementTree.Element(
        "testsuites", {"name": "modelpack-tui", **_counts([case for _, cases in suites for case in cases])}
    )
    for name, cases in suites:
        root.append(_suite(review, name, cases))
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _suites(review: Review) -> Iterator[tuple[str, list[_Case]]]:
    yield REVIEW, [_verdict(review)]
    for source in dict.fromkeys(check.source for check in review.checks):
        yield source or CONTRACT, [_check(check, review) for check in review.checks if check.source == source]
    yield STEPS, [_step(change) for change in review.changes]


def _verdict(review: Review) -> _Case:
    """Return the verdict as a test of its own, so that there is one where nothing else was asked."""
    findings = f"findings: {severity_counts(review) or 'none'}"
    failed = sum(check.status == "failed" for check in review.checks)
    unknown = sum(check.status == "unknown" for check in review.checks)
    message = f"{failed} checks failed, {unknown} unknown"
    return _Case("verdict", "failure" if review.verdict == "fail" else "passed", message, f"{message}; {findings}")


def _check(check: Check, review: Review) -> _Case:
    told = "; ".join(part for part in (check.observed, check.note) if part)
    if check.status == "passed":
        return _Case(check.rule, "passed", output=told)
    if check.status == "failed":
        return _Case(check.rule, "failure", told or "failed")
    decides = review.verdict == "fail" and check.source
    return _Case(check.rule, "error" if decides else "skipped", f"unknown: {told}" if told else "unknown")


def _step(change: Change) -> _Case:
    outcomes: dict[str, Outcome] = {"accepted": "passed", "rejected": "failure", "skipped": "skipped"}
    name = f"{change.optimizer} {change.choice}" if change.optimizer == "slim" and change.choice else change.optimizer
    size = f", {change.after.size_bytes} bytes" if change.after is not None else ""
    told = f"{change.verdict}: {change.reason}" if change.reason else change.verdict
    return _Case(name, outcomes[change.status], told, f"{told} ({change.before.size_bytes} bytes before{size})", change.seconds)


def _suite(review: Review, name: str, cases: list[_Case]) -> ElementTree.Element:
    attributes = {"name": _clean(name), **_counts(cases), "skipped": str(_count(cases, "skipped"))}
    suite = ElementTree.Element("testsuite", attributes)
    properties = ElementTree.SubElement(suite, "properties")
    for key, value in _properties(review):
        ElementTree.SubElement(properties, "property", {"name": key, "value": _clean(value)})
    classname = _clean(f"{artifact_name(review.artifact)}: {name}")
    for case in cases:
        suite.append(_testcase(case, classname))
    return suite


def _properties(review: Review) -> Iterator[tuple[str, str]]:
    environment, artifact = review.environment, review.artifact
    yield "artifact", artifact.inside or artifact.path
    yield "format", artifact.format
    yield "size_bytes", str(artifact.size_bytes)
    if artifact.sha256:
        yield "sha256", artifact.sha256
    if review.baseline:
        yield "baseline", review.baseline
    yield "tool", f"{review.tool.name} {review.tool.version}"
    yield "cpu", environment.cpu
    yield "cores", str(environment.cores)
    yield "memory_bytes", str(environment.memory_bytes)
    yield "platform", environment.platform
    yield from ((f"version.{_clean(name)}", version) for name, version in environment.versions.items())


def _testcase(case: _Case, classname: str) -> ElementTree.Element:
    attributes = {"name": _clean(case.name), "classname": classname}
    if case.seconds is not None:
        attributes["time"] = f"{case.seconds:.3f}"
    element = ElementTree.Element("testcase", attributes)
    if case.outcome != "passed":
        child = ElementTree.SubElement(element, case.outcome, {"message": _clean(case.message), "type": case.outcome})
        child.text = _clean(case.output or case.message)
    elif case.output:
        ElementTree.SubElement(element, "system-out").text = _clean(case.output)
    return element


def _counts(cases: list[_Case]) -> dict[str, str]:
    failures, errors = _count(cases, "failure"), _count(cases, "error")
    return {"tests": str(len(cases)), "failures": str(failures), "errors": str(errors)}


def _count(cases: list[_Case], outcome: Outcome) -> int:
    return sum(case.outcome == outcome for case in cases)


def _clean(text: str) -> str:
    """Return text of which XML 1.0 holds every character: those that do not print are escapes one can read."""
    text = visible(text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}…{text[-LONGEST // 2 :]}"
