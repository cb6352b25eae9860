"""What the options ask for: open the workbench, or write a report. Everything of weight is imported here, when it is needed."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from inspector.cli import output
from inspector.cli.diagnostics import say_note, say_warning
from inspector.cli.narrator import Narrator
from inspector.cli.options import PROGRAM, STDOUT, Options
from inspector.cli.output_file import check_target, write_file
from inspector.errors import EXIT_OK, UsageError

if TYPE_CHECKING:
    from inspector.records.opened import Target
    from inspector.records.review import Review
    from inspector.workflows.opening import Opening

READ_AHEAD_SECONDS = 1.0
"""How long reading may take before the workbench is shown while it goes on."""


class Workbench(Protocol):
    """Opens the workbench on an artifact that is being read (None: let the user choose) and returns the exit code."""

    def __call__(self, opening: Opening | None, batch: int, settings: Mapping[str, int]) -> int: ...


def run_command(options: Options, workbench: Workbench) -> int:
    """Do what the options ask for and return the exit code; every InspectorError passes through."""
    interactive = sys.stdin is not None and sys.stdin.isatty() and output.is_terminal()
    if options.wants_report or (options.artifact is not None and not interactive):
        return _report(options)
    if not interactive:
        raise UsageError("no artifact is named and there is no terminal to choose one in", f"see {PROGRAM} --help")
    return workbench(_opening(options), options.batch, options.dimensions)


def _opening(options: Options) -> Opening | None:
    """Begin to read; an artifact that cannot be read raises while the terminal is still the user's."""
    if options.artifact is None:
        return None
    from inspector.workflows.opening import Opening
    from inspector.workflows.targets import target_of

    opening = Opening(target_of(options.artifact), options.batch, options.dimensions, options.platform)
    opening.settle(READ_AHEAD_SECONDS)
    return opening


def _report(options: Options) -> int:
    from inspector.workflows.targets import target_of

    artifact = target_of(options.artifact or "")
    if options.target != STDOUT:
        check_target(Path(options.target), [artifact] if isinstance(artifact, Path) else [])
    _unwind_when_terminated()
    with Narrator() as narrator:
        review, inputs = _review(artifact, options, narrator)
    if options.target == STDOUT:
        _print(review, options.report_format)
        return EXIT_OK
    for warning in review.warnings:
        say_warning(warning)
    write_file(Path(options.target), _formatted(review, options.report_format), inputs)
    say_note(f"wrote {options.target}")
    return EXIT_OK


def _unwind_when_terminated() -> None:
    """Let termination unwind the stack, as Ctrl-C does, so that child processes end with us."""

    def leave(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, leave)


def _review(artifact: Target, options: Options, narrator: Narrator) -> tuple[Review, list[Path]]:
    """Return the review of an artifact, and the files it is made of."""
    from inspector.workflows.examine import examine
    from inspector.workflows.files import files_of
    from inspector.workflows.review import review

    opened = narrator.follow(examine(artifact, options.batch, options.dimensions, options.digest, options.platform))
    inputs = files_of(opened)
    if options.target != STDOUT:
        check_target(Path(options.target), inputs)
    return review(opened, narrator.warnings), inputs


def _print(review: Review, report_format: str) -> None:
    if report_format == "text":
        from inspector.report.text import WIDTH, to_text
        from inspector.report.text_page import PALETTE, RESET

        color = output.wants_color()
        text = to_text(review, min(WIDTH, output.terminal_width(WIDTH)), color)
        output.write_colored(text, frozenset((*PALETTE.values(), RESET)) if color else frozenset())
    elif report_format == "md":
        output.write_text(_formatted(review, report_format).decode())
    else:
        output.write_bytes(_formatted(review, report_format))


def _formatted(review: Review, report_format: str) -> bytes:
    if report_format == "json":
        from inspector.report.json import to_json

        return to_json(review)
    if report_format == "md":
        from inspector.report.markdown import to_markdown

        return to_markdown(review).encode()
    from inspector.report.text import to_text

    return to_text(review).encode()
