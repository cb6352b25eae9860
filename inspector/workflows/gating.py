"""What a project asks of its artifacts, and whether a review keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from inspector.errors import UsageError
from inspector.records.gate import Gates, Ignore, Rule

if TYPE_CHECKING:
    from inspector.formats.rules_file import RulesFile, WrittenRule
    from inspector.records.review import Check, Review


def gates_for(
    rules: Sequence[Rule] = (),
    file: Path | None = None,
    start: Path | None = None,
    baseline: str = "",
    allow_unknown: bool = False,
) -> tuple[Gates, tuple[str, ...]]:
    """Return everything that is asked, and warnings about it: given rules, those of the file (None: the one found upward from
    start; None: none), and the baseline, where the given one takes the place of the file's.

    Raises UsageError for a file that is none or says what makes no sense: the line and the nearest word named.
    """
    from inspector.formats.rules_file import find_rules, read_rules

    warnings: tuple[str, ...] = ()
    if file is None and start is not None:
        file, warnings = find_rules(start)
    if file is None:
        return Gates(tuple(rules), baseline=baseline, allow_unknown=allow_unknown), warnings
    found = read_rules(file)
    gates = Gates(
        (*rules, *_file_rules(found)),
        tuple(_checked(ignore, found) for ignore in found.ignores),
        baseline or found.baseline,
        allow_unknown or found.allow_unknown,
        (found.source,),
    )
    return gates, warnings


def baseline_review(gates: Gates) -> Review | None:
    """Return the review that the gates are held against, None where there is none; UsageError where it cannot be read."""
    if not gates.baseline:
        return None
    from inspector.workflows.reviews import read_review

    return read_review(Path(gates.baseline))


def gated(review: Review, gates: Gates, baseline: Review | None = None, today: date | None = None) -> Review:
    """Return the review held to the gates: a check for each rule, exempt findings set aside, and the verdict of it all.

    baseline is what gates.baseline names; None: it is read here. A review that was held to other rules before is held to these
    in their place. The verdict is "fail" where a check failed, or a rule is unknown and allow_unknown does not say otherwise.
    Raises UsageError where the baseline is of another kind of artifact.
    """
    from inspector.verify.rules.evaluate import evaluate
    from inspector.verify.rules.exempt import exempted

    if not (gates.rules or gates.ignores or gates.baseline):
        return review
    baseline = baseline or baseline_review(gates)
    _check_kind(review, baseline, gates)
    exempt = exempted(review, gates.ignores, today or date.today())
    counted = replace(review, findings=exempt.findings, ignored=exempt.ignored)
    promises = tuple(check for check in review.checks if not check.source)
    checks = evaluate(counted, _rules(review, gates), baseline)
    return replace(
        counted,
        baseline=gates.baseline,
        checks=(*promises, *checks),
        verdict=_verdict(review, promises, checks, gates.allow_unknown),
        warnings=tuple(dict.fromkeys((*review.warnings, *exempt.warnings))),
    )


def _rules(review: Review, gates: Gates) -> tuple[Rule, ...]:
    """Return the rules, or where there is a baseline and none are given, what that means."""
    from inspector.verify.rules.defaults import default_rules

    return gates.rules or (default_rules(review.artifact.format) if gates.baseline else ())


def _verdict(
    review: Review, promises: Sequence[Check], checks: Sequence[Check], allow_unknown: bool
) -> Literal["pass", "fail"]:
    known = any(check.status == "failed" for check in review.checks)
    if review.verdict == "fail" and not known and not any(check.source for check in review.checks):
        return "fail"
    failed = any(check.status == "failed" for check in (*promises, *checks))
    undecided = any(check.status == "unknown" for check in checks)
    return "fail" if failed or (undecided and not allow_unknown) else "pass"


def _check_kind(review: Review, baseline: Review | None, gates: Gates) -> None:
    ours, theirs = review.artifact.format, baseline.artifact.format if baseline is not None else ""
    if baseline is not None and ours != theirs:
        raise UsageError(
            f"{gates.baseline} is the review of another kind of artifact: {theirs}, not {ours}",
            "name a review of an earlier version of this artifact",
        )


def _file_rules(file: RulesFile) -> Iterator[Rule]:
    from inspector.verify.rules.defaults import allowed_rule

    for written in file.fail_if:
        yield _parsed(written.text, written, file)
    for written in file.allowed:
        if written.text.strip()[:1] not in ("+", "-", "−") and written.text.strip() != "same":
            raise UsageError(
                f"{_place(written, file)}: allow {written.figure} = '{written.text}' is no delta",
                "such as +2%, -1%, +0 or same",
            )
        yield _parsed(allowed_rule(written.figure, written.text), written, file)


def _parsed(text: str, written: WrittenRule, file: RulesFile) -> Rule:
    from inspector.verify.rules.grammar import BadRule, parse_rule

    try:
        return parse_rule(text, file.source, written.reason)
    except BadRule as error:
        raise UsageError(f"{_place(written, file)}: {error.message}", error.hint) from None


def _place(written: WrittenRule, file: RulesFile) -> str:
    return f"{file.source}:{written.line}" if written.line else file.source


def _checked(ignore: Ignore, file: RulesFile) -> Ignore:
    """Return an exemption; UsageError where no finding can be of the rule that it names."""
    from difflib import get_close_matches
    from fnmatch import fnmatchcase

    from inspector.analysis.known_findings import known_findings

    known = known_findings()
    if not any(fnmatchcase(name, ignore.rule) for name in known):
        near = get_close_matches(ignore.rule, known, 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else "--fail-if help lists them"
        raise UsageError(f"{file.source}: [[ignore]] names {ignore.rule}, and no finding is of such a rule", hint)
    return ignore
