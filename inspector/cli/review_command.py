"""Reopens saved reviews: other formats of them, held to rules, without the artifact."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.gating import check_gates, gated_as_asked
from inspector.cli.report_files import check_targets, write_report
from inspector.errors import EXIT_CHECK_FAILED, EXIT_OK, UsageError
from inspector.workflows.reviews import is_review

if TYPE_CHECKING:
    from inspector.cli.options import Options


def names_review(options: Options) -> bool:
    """Return whether what the options name as the artifact is a review that was saved."""
    return bool(options.artifact) and is_review(Path(options.artifact or ""))


def check_review_options(options: Options) -> None:
    """Raise UsageError for an option that needs the artifact itself, of which there is only a review."""
    measures = options.bench is not None and options.bench.wanted
    asked = {
        "--apply": options.optimization is not None or options.slim is not None,
        "--version": options.publishing is not None,
        "--bench": measures,
        "--digest": options.digest,
        "--contract": options.contract is not None,
        "--write-contract": options.contract_target is not None,
        "--platform": options.platform is not None,
        "--batch": options.batch != 1,
        "--dim": bool(options.dimensions),
    }
    named = next((option for option, wanted in asked.items() if wanted), None)
    if named is None:
        return
    hint = f"--replay {options.artifact} measures it again" if measures else "name the artifact that it is about"
    raise UsageError(f"{options.artifact} is a saved review, and {named} needs the artifact itself", hint)


def rewrite(options: Options) -> int:
    """Write a saved review as the options ask, and return the exit code: 1 where a check of it failed."""
    from inspector.workflows.comparing.sides import read_side

    path = Path(options.artifact or "")
    check_targets(options, [path])
    check_gates(options)
    review = gated_as_asked(read_side(path), options)
    write_report(review, options, [path])
    return EXIT_CHECK_FAILED if review.verdict == "fail" else EXIT_OK
