"""Where reports go: to standard output or whole into files, in the formats the user chose, and never over an input."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli import output
from inspector.cli.diagnostics import say_note, say_warning
from inspector.cli.gating import rule_files
from inspector.cli.options import Options
from inspector.cli.report_options import STDOUT, ReportTarget
from inspector.errors import InspectorError, UsageError
from inspector.workflows.output_file import check_target, write_file
from inspector.workflows.reporting import formatted

if TYPE_CHECKING:
    from inspector.records.review import Review


def check_targets(options: Options, inputs: Iterable[Path]) -> None:
    """Raise UsageError where something cannot be written as asked, would overwrite an input, or shares a target."""
    inputs = [*inputs, *_also_read(options)]
    targets = [("report", Path(report.path)) for report in options.reports if report.path != STDOUT]
    if options.contract_target not in (None, STDOUT):
        targets.append(("contract", Path(options.contract_target or "")))
    if options.optimization is not None and options.optimization.output is not None:
        targets.append(("model", Path(options.optimization.output)))
    for what, path in targets:
        check_target(path, inputs, what)
    _check_apart(targets)


def _check_apart(targets: list[tuple[str, Path]]) -> None:
    seen: dict[Path, str] = {}
    for what, path in targets:
        other = seen.setdefault(path.resolve(), what)
        if other != what:
            raise UsageError(f"the {other} and the {what} would both be written to {path}", "name two files")
    if len(seen) < len(targets):
        raise UsageError("two reports would both be written to the same file", "name each file once")


def _also_read(options: Options) -> list[Path]:
    """Return the files that are read beside the artifact."""
    data = options.optimization.data if options.optimization is not None else None
    return [*(Path(path) for path in (options.contract, data) if path is not None), *rule_files(options)]


def write_report(review: Review, options: Options, inputs: Iterable[Path]) -> None:
    """Write the review where and how the options say; what went wrong on the way is said on standard error, too.

    A report that cannot be written keeps no other from being written: the first error is raised at the end.
    """
    if not options.prints_report:
        for warning in review.warnings:
            say_warning(warning)
    inputs = [*inputs, *_also_read(options)]
    failed = [error for report in options.reports if (error := _written(review, report, inputs)) is not None]
    if failed:
        raise failed[0]


def _written(review: Review, report: ReportTarget, inputs: Iterable[Path]) -> InspectorError | None:
    """Write one report; return what kept it from being written."""
    if report.path == STDOUT:
        _print(review, report.report_format)
        return None
    try:
        write_file(Path(report.path), formatted(review, report.report_format), inputs)
    except InspectorError as error:
        return error
    say_note(f"wrote {report.path}")
    return None


def _print(review: Review, report_format: str) -> None:
    if report_format == "text":
        from inspector.report.text import WIDTH, to_text
        from inspector.report.text_page import PALETTE, RESET

        color = output.wants_color()
        text = to_text(review, min(WIDTH, output.terminal_width(WIDTH)), color)
        output.write_colored(text, frozenset((*PALETTE.values(), RESET)) if color else frozenset())
    elif report_format in ("md", "html"):
        output.write_text(formatted(review, report_format).decode())
    else:
        output.write_bytes(formatted(review, report_format))
