"""Where a report goes: to standard output or whole into a file, in the format the user chose, and never over an input."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli import output
from inspector.cli.diagnostics import say_note, say_warning
from inspector.cli.options import STDOUT, Options
from inspector.cli.output_file import check_target, write_file
from inspector.errors import UsageError

if TYPE_CHECKING:
    from inspector.records.review import Review


def check_targets(options: Options, inputs: Iterable[Path]) -> None:
    """Raise UsageError where something cannot be written as asked, would overwrite an input, or shares a target."""
    inputs = [*inputs, *_also_read(options)]
    written = {"report": options.target, "contract": options.contract_target}
    targets = [(what, Path(path)) for what, path in written.items() if path not in (None, STDOUT)]
    if options.optimization is not None and options.optimization.output is not None:
        targets.append(("model", Path(options.optimization.output)))
    for what, path in targets:
        check_target(path, inputs, what)
    seen: dict[Path, str] = {}
    for what, path in targets:
        other = seen.setdefault(path.resolve(), what)
        if other != what:
            raise UsageError(f"the {other} and the {what} would both be written to {path}", "name two files")


def _also_read(options: Options) -> list[Path]:
    """Return the files that are read beside the artifact."""
    data = options.optimization.data if options.optimization is not None else None
    return [Path(path) for path in (options.contract, data) if path is not None]


def write_report(review: Review, options: Options, inputs: Iterable[Path]) -> None:
    """Write the review where and how the options say; what went wrong on the way is said on standard error, too."""
    if options.target == STDOUT:
        _print(review, options.report_format)
        return
    for warning in review.warnings:
        say_warning(warning)
    write_file(Path(options.target), formatted(review, options.report_format), [*inputs, *_also_read(options)])
    say_note(f"wrote {options.target}")


def _print(review: Review, report_format: str) -> None:
    if report_format == "text":
        from inspector.report.text import WIDTH, to_text
        from inspector.report.text_page import PALETTE, RESET

        color = output.wants_color()
        text = to_text(review, min(WIDTH, output.terminal_width(WIDTH)), color)
        output.write_colored(text, frozenset((*PALETTE.values(), RESET)) if color else frozenset())
    elif report_format == "md":
        output.write_text(formatted(review, report_format).decode())
    else:
        output.write_bytes(formatted(review, report_format))


def formatted(review: Review, report_format: str) -> bytes:
    """Return the review as a file of that format holds it: text, md or json."""
    if report_format == "json":
        from inspector.report.json import to_json

        return to_json(review)
    if report_format == "md":
        from inspector.report.markdown import to_markdown

        return to_markdown(review).encode()
    from inspector.report.text import to_text

    return to_text(review).encode()
