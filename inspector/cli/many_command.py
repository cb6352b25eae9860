"""Reviews many artifacts in one run: a report of each, an index of all, and a line for everything that went wrong."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli import output
from inspector.cli.commands import unwind_when_terminated
from inspector.cli.diagnostics import say, say_error, say_note, say_warning
from inspector.cli.gating import gates_asked
from inspector.cli.many_options import ManyTargets, check_many_options, targets_of
from inspector.cli.narrator import Narrator
from inspector.cli.report_options import STDOUT
from inspector.errors import EXIT_CHECK_FAILED, EXIT_INTERRUPTED, EXIT_OK, UnreadableArtifact, UsageError
from inspector.isolation.limits import CancelToken
from inspector.workflows.output_file import check_target, write_file

if TYPE_CHECKING:
    from inspector.cli.options import Options
    from inspector.cli.report_options import ReportTarget
    from inspector.records.gate import Gates
    from inspector.records.index import Index
    from inspector.workflows.many.orders import Item, ManySettings


def review_all(options: Options) -> int:
    """Review everything that is named, and return the exit code: 1 where a check failed or something could not be read.

    After an interrupt the index says what was not looked at, and the exit code is 130.
    """
    from inspector.workflows.many.run import default_jobs, review_many
    from inspector.workflows.many.search import find_artifacts

    check_many_options(options)
    targets = targets_of(options)
    found = find_artifacts(options.artifacts or (options.artifact or "",))
    settings = _settings(options)
    inputs = [Path(path) for path in found if "://" not in path]
    _check_targets(targets, inputs)
    items = _items(found, targets)
    unwind_when_terminated()
    cancel = CancelToken()
    with Narrator() as narrator, _cancelled_by_interrupt(cancel):
        index = narrator.follow(review_many(items, settings, options.jobs or default_jobs(), cancel))
    _write(index, targets, inputs)
    _say_what_went_wrong(index)
    if index.not_looked_at:
        return EXIT_INTERRUPTED
    return EXIT_OK if index.verdict == "pass" else EXIT_CHECK_FAILED


@contextlib.contextmanager
def _cancelled_by_interrupt(cancel: CancelToken) -> Iterator[None]:
    """Let the first Ctrl-C stop the run, which then keeps what is done; the second one ends the program."""
    before = signal.getsignal(signal.SIGINT)

    def stop(*_: object) -> None:
        cancel.cancel()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _settings(options: Options) -> ManySettings:
    from inspector.workflows.many.orders import ManySettings

    gates = gates_asked(options)
    return ManySettings(options.batch, options.dimensions, options.digest, options.platform, _without_baseline(gates))


def _without_baseline(gates: Gates) -> Gates:
    """Return the rules for many artifacts: a baseline is of one, so that the one of a file is left out."""
    if not gates.baseline:
        return gates
    say_warning(f"the baseline {gates.baseline} is of one artifact, and is not used")
    return replace(gates, baseline="")


def _check_targets(targets: ManyTargets, inputs: list[Path]) -> None:
    """Make the folders; UsageError where something cannot be written as asked."""
    for target in targets.indexes:
        if target.path != STDOUT:
            check_target(Path(target.path), inputs, "index")
    for folder in targets.folders:
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = "it is a file" if isinstance(error, FileExistsError) else error.strerror or str(error)
            raise UsageError(f"no reports can be written to {folder}: {reason}", "name another folder") from None


def _items(found: tuple[str, ...], targets: ManyTargets) -> tuple[Item, ...]:
    from inspector.workflows.many.names import ENDS, report_names
    from inspector.workflows.many.orders import Item, ReportPlan

    names = [f"{name}{ENDS[targets.report_format]}" for name in report_names(found)]
    return tuple(
        Item(
            place,
            named,
            tuple(ReportPlan(str(Path(folder, name)), targets.report_format, name) for folder in targets.folders),
        )
        for place, (named, name) in enumerate(zip(found, names, strict=True))
    )


def _write(index: Index, targets: ManyTargets, inputs: list[Path]) -> None:
    """Write the index into every folder, and wherever else it was asked for."""
    from inspector.report.index import index_file

    for folder in targets.folders:
        for name, report_format in (("index.html", "html"), ("index.json", "json")):
            write_file(Path(folder, name), index_file(index, report_format), inputs, "index")
        say_note(f"wrote {folder}")
    bare = _without_links(index)
    for target in targets.indexes:
        if target.path == STDOUT:
            _print(bare, target)
        else:
            write_file(Path(target.path), index_file(bare, target.report_format), inputs, "index")
            say_note(f"wrote {target.path}")


def _without_links(index: Index) -> Index:
    """Return the index as it is beside no reports."""
    return replace(index, rows=tuple(replace(row, reports=()) for row in index.rows))


def _print(index: Index, target: ReportTarget) -> None:
    from inspector.report.index import index_file

    if target.report_format != "text":
        output.write_bytes(index_file(index, target.report_format))
        return
    from inspector.report.index.text import WIDTH, index_text
    from inspector.report.text_page import PALETTE, RESET

    color = output.wants_color()
    text = index_text(index, min(WIDTH, output.terminal_width(WIDTH)), color)
    output.write_colored(text, frozenset((*PALETTE.values(), RESET)) if color else frozenset())


def _say_what_went_wrong(index: Index) -> None:
    """Name everything that does not pass, a line each, and sum it up."""
    from inspector.report.index.sentences import summary_sentence, trouble_text

    for row in index.rows:
        if row.verdict == "unreadable":
            error = row.error if row.error.startswith(row.path) else f"{row.path}: {row.error}"
            say_error(UnreadableArtifact(error, row.hint))
        elif row.verdict == "fail":
            say(f"{row.path}: {trouble_text(row)}")
    say(summary_sentence(index))
