"""A review as SARIF 2.1.0, which code hosts show beside the files: findings, and checks that did not pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from inspector.analysis.known_findings import known_findings
from inspector.records.finding import Finding, Severity
from inspector.records.review import Check, Review
from inspector.report.sarif_text import message_text, uri
from inspector.report.sentences import artifact_name
from inspector.report.visible import visible

VERSION: Final = "2.1.0"
SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

MOST_RESULTS: Final = 5_000
"""As many as code hosts show of one run; a notification counts the rest."""

MOST_NODES: Final = 100
LARGEST: Final = 2**63 - 1

LEVELS: Final[dict[Severity, str]] = {"high": "error", "medium": "warning", "low": "note", "info": "note"}

_CHECKS: Final = {
    "contract-broken": ("error", "a promise of the contract is not kept"),
    "contract-undecided": ("note", "whether a promise of the contract is kept is not known"),
    "rule-broken": ("error", "a rule of the project is broken"),
    "rule-undecided": ("error", "whether a rule of the project is kept is not known, which is not passed"),
}
"""Rules that checks come under, with the level and what they mean."""

Record = dict[str, Any]


def to_sarif(review: Review) -> bytes:
    """Return the review as a SARIF log of one run, indented, with a final line feed; every character prints."""
    results = list(_results(review))
    rules = _rules(review)
    places = {rule["id"]: place for place, rule in enumerate(rules)}
    for result in results:
        result["ruleIndex"] = places[result["ruleId"]]
    log = {"$schema": SCHEMA, "version": VERSION, "runs": [_run(review, rules, results)]}
    return f"{json.dumps(log, indent=2, ensure_ascii=True)}\n".encode()


def _run(review: Review, rules: list[Record], results: list[Record]) -> Record:
    name = uri(artifact_name(review.artifact))
    return {
        "tool": {"driver": {"name": visible(review.tool.name), "version": visible(review.tool.version), "rules": rules}},
        "automationDetails": {"id": f"modelpack-tui/{name}/"},
        "invocations": [_invocation(review, len(results))],
        "artifacts": [_artifact(review)],
        "results": results[:MOST_RESULTS],
        "columnKind": "unicodeCodePoints",
        "properties": _figures(review),
    }


def _invocation(review: Review, results: int) -> Record:
    left_out = [f"{results - MOST_RESULTS:,} more results were left out"] if results > MOST_RESULTS else []
    notes = [*review.warnings[:MOST_NODES], *left_out]
    return {
        "executionSuccessful": True,
        "exitCode": 1 if review.verdict == "fail" else 0,
        "exitCodeDescription": f"verdict: {review.verdict}",
        "toolExecutionNotifications": [{"level": "warning", "message": {"text": message_text(note)}} for note in notes],
    }


def _artifact(review: Review) -> Record:
    artifact = review.artifact
    record: Record = {
        "location": {"uri": uri(artifact.path)},
        "length": max(-1, min(artifact.size_bytes, LARGEST)),
        "roles": ["analysisTarget"],
    }
    return {**record, "hashes": {"sha-256": visible(artifact.sha256)}} if artifact.sha256 else record


def _figures(review: Review) -> Record:
    """Return the numbers of the review that a dashboard plots."""
    figures: Record = {"verdict": review.verdict, "format": review.artifact.format}
    if review.graph is not None:
        graph = review.graph
        figures |= {"nodes": graph.node_count, "parameters": graph.parameter_count, "weightBytes": graph.weight_bytes}
        figures |= {"flops": graph.flops.value}
    if review.image is not None:
        figures |= {"shippedBytes": review.image.shipped_bytes, "reclaimableBytes": review.image.reclaimable_bytes}
    return {key: min(value, LARGEST) if isinstance(value, int) else value for key, value in figures.items()}


def _rules(review: Review) -> list[Record]:
    """Return every rule that a result is of, once, in the order in which they come up."""
    known = known_findings()
    rules: dict[str, Record] = {}
    for finding in _all_findings(review):
        name = visible(finding.rule)
        rule = known.get(finding.rule)
        what = rule.what if rule is not None else finding.message
        level = LEVELS[rule.severity if rule is not None else finding.severity]
        rules.setdefault(name, _rule(name, what, rule.hint if rule is not None else finding.hint, level))
    for name, (level, what) in _CHECKS.items():
        rules.setdefault(name, _rule(name, what, "", level))
    return list(rules.values())


def _rule(name: str, what: str, hint: str, level: str) -> Record:
    full = ". ".join(_sentence(part) for part in (what, hint) if part)
    return {
        "id": name,
        "shortDescription": {"text": message_text(what) or name},
        "fullDescription": {"text": message_text(f"{full}.") if full else name},
        "defaultConfiguration": {"level": level},
    }


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")


def _all_findings(review: Review) -> Iterator[Finding]:
    yield from review.findings
    yield from (one.finding for one in review.ignored)


def _results(review: Review) -> Iterator[Record]:
    """Yield a result for each check that did not pass, and each finding; those that are exempt come last, suppressed.

    A suppression without a status is accepted; releases of the schema differ in how the property is called.
    """
    seen: dict[str, int] = {}
    for check in review.checks:
        if check.status != "passed":
            yield _check(review, check, seen)
    for finding in review.findings:
        yield _finding(review, finding, seen)
    for one in review.ignored:
        justification = message_text(f"{one.reason} ({one.source})" if one.source else one.reason)
        suppression = {"kind": "external", "justification": justification}
        yield {**_finding(review, one.finding, seen), "suppressions": [suppression]}


def _check(review: Review, check: Check, seen: dict[str, int]) -> Record:
    name = f"{'rule' if check.source else 'contract'}-{'broken' if check.status == 'failed' else 'undecided'}"
    parts = [check.rule, check.observed, check.note, f"asked for by {check.source}" if check.source else ""]
    return {
        "ruleId": name,
        "level": _CHECKS[name][0] if review.verdict == "fail" or check.status == "failed" else "note",
        "message": {"text": message_text("; ".join(part for part in parts if part)) or name},
        "locations": [_location(review, [])],
        "partialFingerprints": _fingerprint((name, check.rule), seen),
    }


def _finding(review: Review, finding: Finding, seen: dict[str, int]) -> Record:
    said = ". ".join(_sentence(part) for part in (finding.message, finding.hint) if part)
    return {
        "ruleId": visible(finding.rule),
        "level": LEVELS[finding.severity],
        "message": {"text": message_text(f"{said}.") if said else visible(finding.rule)},
        "locations": [_location(review, list(_logical(finding)))],
        "partialFingerprints": _fingerprint((finding.rule, finding.place, finding.tensor), seen),
        "properties": {"severity": finding.severity},
    }


def _location(review: Review, logical: list[Record]) -> Record:
    """Return the artifact as a place; hosts want a line to show a result at, and of what has none they take the first."""
    physical = {"artifactLocation": {"uri": uri(review.artifact.path), "index": 0}, "region": {"startLine": 1}}
    return {"physicalLocation": physical, **({"logicalLocations": logical} if logical else {})}


def _logical(finding: Finding) -> Iterator[Record]:
    """Yield nodes, tensor and place: what a person looks for inside the artifact."""
    if finding.place:
        yield {"name": visible(finding.place), "kind": "element"}
    if finding.tensor:
        yield {"name": visible(finding.tensor), "kind": "variable"}
    nodes = finding.nodes or ((finding.node,) if finding.node is not None else ())
    for node in nodes[:MOST_NODES]:
        path = f"{visible(node.graph)}/{node.index}" if node.graph else f"/{node.index}"
        yield {"name": f"node {node.index}", "fullyQualifiedName": path, "kind": "node"}


def _fingerprint(parts: tuple[str, ...], seen: dict[str, int]) -> dict[str, str]:
    """Return what tells a result apart in every run: what it is and where, and which one of several."""
    digest = sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    seen[digest] = seen.get(digest, 0) + 1
    return {"modelpackTui/v1": f"{digest}:{seen[digest]}"}
