"""Figures that are counted: findings, checks of the contract, differences, signatures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from inspector.analysis.known_findings import known_findings
from inspector.records.difference import AREAS, ArtifactComparison, ComparedArea
from inspector.records.finding import SEVERITIES, Finding
from inspector.records.review import Review
from inspector.verify.rules.reading import Figure, Read, Reading, Side, nothing, one

NEW = "findings.new."


def counted_figures() -> tuple[Figure, ...]:
    """Return the figures whose names are fixed."""
    return (
        *(
            Figure(
                f"findings.{severity}", "count", f"findings of severity {severity}, ignored ones left out", _severity(severity)
            )
            for severity in SEVERITIES
        ),
        Figure("findings.total", "count", "findings of any severity, ignored ones left out", _findings(lambda _: True)),
        *(
            Figure(f"findings.{rule.name}", "count", f"findings of this rule: {rule.what}", _findings(_is_of(rule.name)))
            for rule in known_findings().values()
        ),
        *(
            Figure(
                f"checks.{status}", "count", f"promises of the contract that are {status}", _checks(status), "--contract FILE"
            )
            for status in ("failed", "unknown", "passed")
        ),
        Figure("verdict", "word", "what the contract alone gives", _verdict, words=("pass", "fail")),
        *(
            Figure(
                f"differences.{area}",
                "count",
                f"differences of {area} from the artifact that --compare names",
                _area(area),
                "--compare OTHER",
            )
            for area in AREAS
        ),
        Figure("differences.total", "count", "differences of any kind", _all_differences, "--compare OTHER"),
    )


def new_figures(baseline: Review | None) -> tuple[Figure, ...]:
    """Return the figures that need the baseline itself: what is there that it does not have."""
    return (
        *(
            Figure(
                f"{NEW}{severity}",
                "count",
                f"findings of severity {severity} that the baseline does not have",
                _new(baseline, severity),
                "--baseline REVIEW.json",
            )
            for severity in (*SEVERITIES, "total")
        ),
        Figure(
            "signatures.changed",
            "count",
            "signatures that are not as in the baseline",
            _signatures(baseline),
            "--baseline REVIEW.json",
        ),
    )


def _is_of(name: str) -> Callable[[Finding], bool]:
    return lambda finding: finding.rule == name


def _findings(counts: Callable[[Finding], bool]) -> Read:
    def read(review: Review, side: Side) -> Sequence[Reading]:
        return one(sum(map(counts, review.findings))) if side == "now" else ()

    return read


def _severity(severity: str) -> Read:
    return _findings(lambda finding: finding.severity == severity)


def _checks(status: str) -> Read:
    def read(review: Review, side: Side) -> Sequence[Reading]:
        if side == "before":
            return ()
        promises = [check for check in review.checks if not check.source]
        if not promises:
            return nothing("no contract was asked for")
        return one(sum(check.status == status for check in promises))

    return read


def _verdict(review: Review, side: Side) -> Sequence[Reading]:
    failed = any(check.status == "failed" for check in review.checks if not check.source)
    return one("fail" if failed else "pass") if side == "now" else ()


def _area(area: str) -> Read:
    def read(review: Review, side: Side) -> Sequence[Reading]:
        if side == "before":
            return ()
        if review.comparison is None:
            return nothing("nothing was compared")
        found = next((one for one in review.comparison.areas if one.area == area), None)
        if found is None:
            return nothing(f"{area} is nothing that such artifacts have")
        return nothing(found.unknown) if found.unknown else one(_total(found))

    return read


def _total(area: ComparedArea) -> int:
    return area.added + area.removed + area.changed + area.renamed + area.moved


def _all_differences(review: Review, side: Side) -> Sequence[Reading]:
    if side == "before":
        return ()
    return nothing("nothing was compared") if review.comparison is None else (_sum(review.comparison),)


def _sum(comparison: ArtifactComparison) -> Reading:
    unknown = [area.area for area in comparison.areas if area.unknown]
    total = sum(map(_total, comparison.areas))
    if unknown:
        return Reading(total, total, float("inf"), note=f"not compared: {', '.join(unknown)}")
    return Reading(total)


def _new(baseline: Review | None, severity: str) -> Read:
    def read(review: Review, side: Side) -> Sequence[Reading]:
        if side == "before":
            return ()
        if baseline is None:
            return nothing("there is no baseline")
        known = {(finding.rule, finding.place) for finding in (*baseline.findings, *(one.finding for one in baseline.ignored))}
        fresh = [one for one in review.findings if severity in ("total", one.severity) and (one.rule, one.place) not in known]
        named = ", ".join(dict.fromkeys(finding.rule for finding in fresh[:3]))
        return (Reading(len(fresh), where=named),)

    return read


def _signatures(baseline: Review | None) -> Read:
    def read(review: Review, side: Side) -> Sequence[Reading]:
        if side == "before":
            return ()
        if baseline is None:
            return nothing("there is no baseline")
        ours = {signature.name: (signature.inputs, signature.outputs) for signature in review.signatures}
        theirs = {signature.name: (signature.inputs, signature.outputs) for signature in baseline.signatures}
        return one(sum(ours.get(name) != theirs.get(name) for name in ours.keys() | theirs.keys()))

    return read
