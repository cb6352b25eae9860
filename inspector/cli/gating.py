"""Where every command holds its review to the rules: those of the command line and those of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli.diagnostics import say, say_warning

if TYPE_CHECKING:
    from inspector.cli.gate_options import GateOptions
    from inspector.cli.options import Options
    from inspector.records.gate import Gates
    from inspector.records.review import Review


def check_gates(options: Options) -> None:
    """Read the rules and the baseline before any work begins; UsageError where they make no sense."""
    _read(options)


def gated_as_asked(review: Review, options: Options) -> Review:
    """Return the review with a check for every rule, without the findings that are exempt, and with the verdict they give.

    Every command calls this right before it writes its report. UsageError where the baseline is of another kind of artifact.
    """
    from inspector.workflows.gating import gated

    gates, baseline = _read(options)
    return gated(review, gates, baseline)


def gates_asked(options: Options) -> Gates:
    """Return the rules of the command line and of the file; UsageError where they make no sense."""
    return _read(options)[0]


def rule_files(options: Options) -> list[Path]:
    """Return the files that rules and the baseline were read from: no report may be written over them."""
    gates, _ = _read(options)
    return [Path(path) for path in (*gates.sources, gates.baseline) if path]


def _read(options: Options) -> tuple[Gates, Review | None]:
    """Return what was asked for, read and told once however often it is needed."""
    wanted = options.gates
    if wanted.read is None:
        wanted.read = _found(wanted)
    return wanted.read


def _found(wanted: GateOptions) -> tuple[Gates, Review | None]:
    from inspector.workflows.gating import baseline_review, gates_for

    named = None if wanted.rules_file is None else Path(wanted.rules_file)
    start = None if wanted.without_file else Path.cwd()
    gates, warnings = gates_for(wanted.rules, named, start, wanted.baseline or "", wanted.allow_unknown)
    for warning in warnings:
        say_warning(warning)
    for source in gates.sources:
        say(f"gates used: {source}")
    return gates, baseline_review(gates)
