"""Reviews some artifacts, one after the other, and writes their reports. In children only."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from inspector.errors import InspectorError
from inspector.isolation.child_main import Reporter
from inspector.records.event import Finished, Warned
from inspector.records.index import IndexRow
from inspector.records.opened import Target
from inspector.records.review import Review
from inspector.workflows.many.orders import Item, ManySettings, Order


def review_some(order: Order, report: Reporter) -> tuple[IndexRow, ...]:
    """Return a row of each artifact; all rows so far are reported as a partial record."""
    rows: list[IndexRow] = []
    for done, item in enumerate(order.items):
        report(done, len(order.items), item.named)
        rows.append(_row(item, order.settings))
        report.partial(tuple(rows))
    return tuple(rows)


def _row(item: Item, settings: ManySettings) -> IndexRow:
    begun = time.monotonic()
    try:
        review, inputs = _reviewed(item, settings)
        row = row_of(item.named, review, tuple(report.name for report in item.reports))
        _write(review, item, inputs)
    except InspectorError as error:
        row = unreadable(item.named, error)
    return replace(row, seconds=time.monotonic() - begun)


def _reviewed(item: Item, settings: ManySettings) -> tuple[Review, list[Path]]:
    """Return the review of an artifact, held to the rules, and the files that it is made of."""
    from inspector.workflows.comparing.sides import read_side
    from inspector.workflows.gating import gated
    from inspector.workflows.reviews import is_review
    from inspector.workflows.targets import target_of

    target = target_of(item.named)
    if isinstance(target, Path) and is_review(target):
        made, inputs = read_side(target), [target]
    else:
        made, inputs = _examined(target, settings)
    return gated(made, settings.gates), inputs


def _examined(target: Target, settings: ManySettings) -> tuple[Review, list[Path]]:
    from inspector.workflows.examine import examine
    from inspector.workflows.files import files_of
    from inspector.workflows.review import review

    warnings = []
    opened = None
    for event in examine(target, settings.batch, settings.dimensions, settings.digest, settings.platform):
        if isinstance(event, Warned):
            warnings.append(f"{event.message} ({event.hint})" if event.hint else event.message)
        elif isinstance(event, Finished):
            opened = event.result
    assert opened is not None, "a workflow ends with a result"
    return review(opened, warnings), files_of(opened)


def _write(review: Review, item: Item, inputs: list[Path]) -> None:
    from inspector.workflows.output_file import write_file
    from inspector.workflows.reporting import formatted

    for plan in item.reports:
        write_file(Path(plan.path), formatted(review, plan.report_format), inputs)


def row_of(named: str, review: Review, reports: tuple[str, ...]) -> IndexRow:
    """Return what an index has of a review."""
    image, graph = review.image, review.graph
    return IndexRow(
        named,
        review.verdict,
        review.artifact.format,
        review.artifact.size_bytes,
        graph.node_count if graph is not None else None,
        len(image.layers) if image is not None else None,
        graph.parameter_count if graph is not None else None,
        dict(Counter(finding.severity for finding in review.findings)),
        tuple(check.rule for check in review.checks if check.status == "failed"),
        tuple(check.rule for check in review.checks if check.status == "unknown"),
        reports=reports,
        warnings=review.warnings,
    )


def unreadable(named: str, error: InspectorError) -> IndexRow:
    """Return the row of an artifact of which there is no review."""
    return IndexRow(named, "unreadable", error=error.message, hint=error.hint, exit_code=error.exit_code)
