"""What the options ask for: open the workbench, or write a report. Everything of weight is imported here, when it is needed."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from inspector.cli import output
from inspector.cli.diagnostics import say_note, say_warning
from inspector.cli.narrator import Narrator
from inspector.cli.options import PROGRAM, STDOUT, Options
from inspector.cli.output_file import check_target, write_file
from inspector.errors import EXIT_OK, UsageError
from inspector.records.artifact import Computation
from inspector.records.event import Event, Progress
from inspector.records.inspection import Inspection
from inspector.records.review import Review

READ_TWICE_BYTES = 1 << 20
"""Artifacts up to this size are read once before the terminal is taken over, so that an unreadable one leaves it alone."""

MOST_NAMES = 12


def run_command(options: Options) -> int:
    """Do what the options ask for and return the exit code; every InspectorError passes through."""
    interactive = sys.stdin is not None and sys.stdin.isatty() and output.is_terminal()
    if options.wants_report or (options.artifact is not None and not interactive):
        return _report(options)
    if not interactive:
        raise UsageError("no artifact is named and there is no terminal to choose one in", f"see {PROGRAM} --help")
    return _open(options)


def _open(options: Options) -> int:
    path = Path(options.artifact) if options.artifact is not None else None
    if path is not None:
        _check_readable(path, options)
    return _workbench()(path, options.batch, options.dimensions)


def _workbench() -> Callable[[Path | None, int, Mapping[str, int]], int]:
    """Return what runs the workbench; named, not imported, since neither front end knows the other."""
    run_app: Callable[[Path | None, int, Mapping[str, int]], int] = import_module("inspector.tui.app").run_app
    return run_app


def _check_readable(path: Path, options: Options) -> None:
    """Raise what reading would raise while the terminal is still the user's; what is large is only recognized."""
    from inspector.formats.detect import detect
    from inspector.workflows.inspect import inspect

    if detect(path) != "onnx":
        _first_progress(inspect(path))
    elif path.stat().st_size <= READ_TWICE_BYTES:
        from inspector.formats.onnx.read import read

        _check_dimensions(read(path), options.dimensions)


def _first_progress(events: Iterator[Event[Inspection]]) -> None:
    """Run a workflow up to where it has read the artifact."""
    next((event for event in events if isinstance(event, Progress)), None)


def _report(options: Options) -> int:
    artifact = Path(options.artifact or "")
    if options.target != STDOUT:
        check_target(Path(options.target), [artifact])
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


def _review(path: Path, options: Options, narrator: Narrator) -> tuple[Review, list[Path]]:
    """Return the review of the artifact at path, and the files it is made of."""
    from inspector.workflows.digests import digest
    from inspector.workflows.inspect import inspect
    from inspector.workflows.review import review
    from inspector.workflows.shapes import infer_shapes
    from inspector.workflows.weights import CONFIRMATION_BYTES, EVERYTHING, compare_weights

    inspection = narrator.follow(inspect(path, options.batch, options.dimensions))
    _check_dimensions(inspection.computation, options.dimensions)
    inputs = _files_of(inspection.computation)
    if options.target != STDOUT:
        check_target(Path(options.target), inputs)
    inspection = narrator.attempt(infer_shapes(inspection), inspection, "shape-inference-failed")
    budget = EVERYTHING if options.digest else CONFIRMATION_BYTES
    inspection = narrator.attempt(compare_weights(inspection, budget), inspection, "weights-not-compared")
    if options.digest:
        inspection = narrator.follow(digest(inspection))
    inspection = replace(inspection, findings=(*inspection.findings, *narrator.findings))
    return review(inspection, narrator.warnings), inputs


def _files_of(computation: Computation) -> list[Path]:
    path = Path(computation.artifact.path)
    folder = path.resolve().parent
    return [path, *(folder / file.location for file in computation.external_files)]


def _check_dimensions(computation: Computation, settings: dict[str, int]) -> None:
    """Raise UsageError where the user sets a dimension that the artifact does not have."""
    if not settings:
        return
    known = list(dict.fromkeys(_dimension_names(computation)))
    for name in settings:
        if name not in known:
            shown = ", ".join(known[:MOST_NAMES]) + (", …" if len(known) > MOST_NAMES else "")
            hint = f"it has {shown}" if known else "all its dimensions are fixed"
            raise UsageError(f"{computation.artifact.path} has no dimension named {name}", hint)


def _dimension_names(computation: Computation) -> Iterator[str]:
    from inspector.analysis.cost.bindings import batch_symbols, data_inputs, named_shape

    declared = [dim for spec in data_inputs(computation) for dim in named_shape(spec) if isinstance(dim, str)]
    yield from declared
    yield from (name for name in batch_symbols(computation) if name in declared)
    for spec in computation.graph.values.values():
        yield from (dim for dim in spec.shape or () if isinstance(dim, str))


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
