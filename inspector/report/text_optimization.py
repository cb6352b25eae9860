"""What was made of a model, and its contract, as readable text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from inspector.records.contract import Contract
from inspector.records.measurement import MeasurementKind
from inspector.records.optimization import Change, ChangeVerdict
from inspector.records.publishing import PublishedVersion
from inspector.report import optimization_sentences as say
from inspector.report import proof_sentences as prove
from inspector.report import signature_sentences as sign
from inspector.report.contract_sentences import contract_entries
from inspector.report.publishing_sentences import published_entries
from inspector.report.text_page import Cell, Column, Page, Style

MOST_ATTEMPTS: Final = 30
MOST_NAME: Final = 24
"""Columns that the names of signatures are aligned in."""

LEFT, RIGHT = Column(), Column("right")
NAME, WORDS = Column(flexible=True, least=12), Column(flexible=True, least=16)

VERDICT_STYLES: Final[dict[ChangeVerdict, Style]] = {
    "accepted": "good",
    "smaller but slower": "medium",
    "sooner but slower": "medium",
    "rejected": "high",
    "nothing to do": "label",
    "cannot run": "high",
}
_OUTCOME_STYLES: Final[dict[str, Style]] = {"chosen": "good", "passed": "good", "rejected": "high", "failed": "high"}


def write_changes(page: Page, changes: Sequence[Change]) -> None:
    """Write a table of all changes, then each of them in full."""
    if not changes:
        return
    page.heading("Changes", say.overall_text(changes))
    titles = [Cell(title, "label") for title in ("", "", "size", "worst output", "start", "latency")]
    page.table([LEFT, LEFT, NAME, LEFT, LEFT, LEFT], [titles, *(_row(change) for change in changes)])
    for change in changes:
        _write_change(page, change)


def write_published(page: Page, published: PublishedVersion | None) -> None:
    """Write which version of a serving folder it has become."""
    if published is None:
        return
    page.heading("Published", f"version {published.version}, for model servers")
    entries = list(published_entries(published))
    width = max(len(label) for label, _ in entries)
    for (label, value), before in zip(entries, ["", *(label for label, _ in entries)], strict=False):
        page.entry(label if label != before else "", value, width)


def _row(change: Change) -> list[Cell]:
    return [
        Cell(change.optimizer, "title"),
        Cell(change.verdict, VERDICT_STYLES[change.verdict]),
        Cell(say.size_text(change.before, change.after)),
        Cell(prove.worst_text(change.parity)),
        Cell(_ratio(change, "session_creation")),
        Cell(_ratio(change, "latency")),
    ]


def _ratio(change: Change, kind: MeasurementKind) -> str:
    comparison = say.comparison_of(change, kind)
    return prove.times_text(comparison.ratio) if comparison is not None and comparison.verdict != "not measured" else ""


def _write_change(page: Page, change: Change) -> None:
    page.heading(change.optimizer, change.verdict)
    entries = list(_entries(change))
    width = max(len(label) for label, _ in entries)
    previous = None
    for label, value in entries:
        page.entry(label if label != previous else "", value, width)
        previous = label
    _write_signatures(page, change)
    _write_gates(page, change)
    _write_contract_changes(page, change)
    _write_attempts(page, change)
    _write_nodes(page, change)


def _entries(change: Change) -> Iterator[tuple[str, str]]:
    """Yield label and value of every fact; one label may have several values."""
    yield "size", say.size_text(change.before, change.after)
    yield "nodes", say.nodes_text(change.before, change.after)
    optional = [
        ("reason", [change.reason]),
        ("runs on", [sign.runtime_text(change)]),
        ("signature", [sign.signature_text(change)]),
        ("choice", [say.choice_text(change)]),
        ("grounds", list(change.preflight.notes) if change.preflight is not None else []),
        ("parity", [prove.parity_sentence(change.parity)] if change.parity is not None else []),
        ("unseen inputs", [prove.parity_sentence(change.confirmation)] if change.confirmation is not None else []),
        ("conformance", [prove.conformance_sentence(change.conformance)] if change.conformance is not None else []),
        *((prove.measured_text(one), [prove.comparison_sentence(one)]) for one in change.comparisons),
        ("left over", list(say.autopsy_sentences(change.autopsy)) if change.autopsy is not None else []),
        ("recipe", list(change.recipe)),
        ("repairs", list(change.repairs)),
        ("warning", say.change_warnings(change)),
        ("took", [say.effort_text(change)]),
        ("written to", [change.output, *change.files]),
    ]
    yield from ((label, value) for label, values in optional for value in values if value)


def _write_signatures(page: Page, change: Change) -> None:
    rows = sign.signature_rows(change)
    if not rows:
        return
    page.paragraph([Cell("signatures, each proven on its own", "label")], indent=2)
    cells = min(MOST_NAME, max(len(row.name) for row in rows))
    for row in rows[:MOST_ATTEMPTS]:
        status = Cell(f"{row.status:<10}", "good" if row.status == "proven" else "high")
        name = Cell(f"{row.name:<{cells}}")
        page.table([LEFT, NAME, WORDS], [[status, name, Cell(row.figures, "label")]], indent=4)
        page.paragraph([Cell(sentence, "label") for sentence in row.sentences], indent=16)
    page.rest(len(rows) - MOST_ATTEMPTS, "signature")


def _write_gates(page: Page, change: Change) -> None:
    if not change.gates:
        return
    page.paragraph([Cell("gates, each held against the worst output", "label")], indent=2)
    rows = [
        [Cell(status, "good" if status == "passed" else "high"), Cell(figure), Cell(asked), Cell(observed)]
        for status, figure, asked, observed, _ in prove.gate_rows(change.gates)
    ]
    page.table([LEFT, NAME, LEFT, WORDS], rows, indent=4)


def _write_contract_changes(page: Page, change: Change) -> None:
    if not change.contract_changes:
        return
    page.paragraph([Cell("changes of the contract", "label")], indent=2)
    rows = [
        [
            Cell("allowed" if one.allowed else "not allowed", "" if one.allowed else "high"),
            *map(Cell, (one.kind, one.place, f"{one.before} → {one.after}")),
        ]
        for one in change.contract_changes[:MOST_ATTEMPTS]
    ]
    page.table([LEFT, LEFT, NAME, WORDS], rows, indent=4)
    page.rest(len(change.contract_changes) - MOST_ATTEMPTS, "change")


def _write_attempts(page: Page, change: Change) -> None:
    if not change.attempts:
        return
    page.paragraph([Cell("attempts", "label")], indent=2)
    rows = say.attempt_rows(change.attempts)
    for outcome, name, figures, reason in rows[:MOST_ATTEMPTS]:
        row = [Cell(f"{outcome:<8}", _OUTCOME_STYLES.get(outcome, "label")), Cell(name), Cell(figures, "label")]
        page.table([LEFT, NAME, WORDS], [row], indent=4)
        if reason:
            page.paragraph([Cell(reason, "label")], indent=14)
    page.rest(len(rows) - MOST_ATTEMPTS, "attempt")


def _write_nodes(page: Page, change: Change) -> None:
    if change.kept_fp32:
        page.paragraph([Cell("nodes that stay in fp32", "label")], indent=2)
        rows = [
            [Cell(name), Cell(operator), Cell(reason, "label")] for name, operator, reason in say.kept_rows(change.kept_fp32)
        ]
        page.table([NAME, LEFT, WORDS], rows, indent=4)
        page.rest(len(change.kept_fp32) - say.MOST_NODES, "node")
    if change.sensitivity:
        page.paragraph([Cell("most sensitive nodes: SQNR of each alone, and with all before it", "label")], indent=2)
        rows = [[*map(Cell, row)] for row in say.sensitivity_rows(change.sensitivity)]
        page.table([NAME, LEFT, RIGHT, RIGHT], rows, indent=4)


def write_contract(page: Page, contract: Contract) -> None:
    """Write everything a contract says."""
    entries = contract_entries(contract)
    page.heading("Contract", "" if entries else "promises nothing")
    width = max((len(label) for label, _ in entries), default=0)
    previous = None
    for label, value in entries:
        page.entry(label if label != previous else "", value, width)
        previous = label
