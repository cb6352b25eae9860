"""What was made of a model, and its contract, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from inspector.records.contract import Contract
from inspector.records.optimization import Change
from inspector.records.publishing import PublishedVersion
from inspector.report import optimization_sentences as say
from inspector.report import proof_sentences as prove
from inspector.report import signature_sentences as sign
from inspector.report.contract_sentences import contract_entries
from inspector.report.figures import plural
from inspector.report.markdown_text import code, prose, table
from inspector.report.publishing_sentences import published_entries

MOST_ROWS: Final = 40

Lines = Iterable[str]

_TITLES: Final = ("step", "verdict", "size", "nodes", "worst output", "session creation", "latency", "reason")


def change_lines(changes: Sequence[Change]) -> Lines:
    """Yield a table of all changes, then each of them in full."""
    if not changes:
        return
    yield from ["", "## Changes", ""]
    yield from table(_TITLES, [_row(change) for change in changes])
    overall = say.overall_text(changes)
    if overall:
        yield from ["", f"{prose(overall)}."]
    for change in changes:
        yield from _change(change)


def published_lines(published: PublishedVersion | None) -> Lines:
    """Yield which version of a serving folder it has become."""
    if published is None:
        return
    yield from ["", f"## Published as version {published.version}", ""]
    yield from (f"- {label}: {prose(value)}" for label, value in published_entries(published))


def _row(change: Change) -> tuple[str, ...]:
    return (
        change.optimizer,
        f"**{change.verdict}**",
        prose(say.size_text(change.before, change.after)),
        prose(say.nodes_text(change.before, change.after)),
        prose(prove.worst_text(change.parity)),
        prose(prove.ratio_text(say.comparison_of(change, "session_creation"))),
        prose(prove.ratio_text(say.comparison_of(change, "latency"))),
        prose(change.reason),
    )


def _change(change: Change) -> Lines:
    yield from ["", f"### {change.optimizer}: {change.verdict}", ""]
    yield from (f"- {label}: {value}" for label, value in _facts(change))
    yield from _titled("Signatures, each proven on its own", ("", "signature", "figures", "more"), _signatures(change))
    yield from _rest(len(change.signatures) - MOST_ROWS, "signature")
    yield from _titled("Gates, each held against the worst output", ("", "figure", "asked", "observed", "why"), _gates(change))
    yield from _titled("Changes of the contract", ("", "kind", "place", "before", "after"), _contract_changes(change))
    yield from _titled("Attempts", ("outcome", "candidate", "figures", "reason"), _attempts(change))
    yield from _rest(len(change.attempts) - MOST_ROWS, "attempt")
    yield from _titled("Nodes that stay in fp32", ("node", "operator", "why"), _kept(change))
    yield from _rest(len(change.kept_fp32) - say.MOST_NODES, "node")
    titles = ("most sensitive nodes", "operator", "SQNR alone", "SQNR with all before")
    sensitive = [(code(row[0]), code(row[1]), *row[2:]) for row in say.sensitivity_rows(change.sensitivity)]
    yield from _titled("Sensitivity", titles, sensitive)


def _facts(change: Change) -> Iterator[tuple[str, str]]:
    preflight = change.preflight
    sentences = [
        ("reason", [change.reason]),
        ("runs on", [sign.runtime_text(change)]),
        ("signature", [sign.signature_text(change)]),
        ("choice", [say.choice_text(change)]),
        ("grounds", list(preflight.notes) if preflight is not None else []),
        ("parity", [prove.parity_sentence(change.parity)] if change.parity is not None else []),
        ("on unseen inputs", [prove.parity_sentence(change.confirmation)] if change.confirmation is not None else []),
        ("conformance", [prove.conformance_sentence(change.conformance)] if change.conformance is not None else []),
        *((prove.measured_text(one), [prove.comparison_sentence(one)]) for one in change.comparisons),
        ("left over", list(say.autopsy_sentences(change.autopsy)) if change.autopsy is not None else []),
        ("repairs", list(change.repairs)),
        ("**warning**", say.change_warnings(change)),
        ("took", [say.effort_text(change)]),
    ]
    for label, values in sentences:
        yield from ((label, prose(value)) for value in values if value)
    yield from (("recipe", code(line)) for line in change.recipe)
    yield from (("written to", code(path)) for path in (change.output, *change.files) if path)


def _signatures(change: Change) -> list[tuple[str, ...]]:
    return [
        (
            row.status if row.status == "proven" else f"**{row.status}**",
            code(row.name),
            prose(row.figures),
            "; ".join(map(prose, row.sentences)),
        )
        for row in sign.signature_rows(change)[:MOST_ROWS]
    ]


def _gates(change: Change) -> list[tuple[str, ...]]:
    return [(status, *map(prose, rest)) for status, *rest in prove.gate_rows(change.gates)]


def _contract_changes(change: Change) -> list[tuple[str, ...]]:
    return [
        ("allowed" if one.allowed else "**not allowed**", one.kind, prose(one.place), code(one.before), code(one.after))
        for one in change.contract_changes[:MOST_ROWS]
    ]


def _attempts(change: Change) -> list[tuple[str, ...]]:
    rows = say.attempt_rows(change.attempts)[:MOST_ROWS]
    return [(outcome, prose(name), prose(figures), prose(reason)) for outcome, name, figures, reason in rows]


def _kept(change: Change) -> list[tuple[str, ...]]:
    return [(code(name), code(operator), prose(reason)) for name, operator, reason in say.kept_rows(change.kept_fp32)]


def _titled(title: str, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Lines:
    if rows:
        yield from ["", f"{title}:", ""]
        yield from table(titles, rows)


def _rest(left_out: int, noun: str) -> Lines:
    return ["", f"… and {plural(left_out, f'more {noun}')}."] if left_out > 0 else []


def contract_lines(contract: Contract | None) -> Lines:
    """Yield everything a contract says."""
    if contract is None:
        return
    yield from ["", "## Contract", ""]
    rows = [(label, prose(value)) for label, value in contract_entries(contract)]
    yield from table(("what", "promise"), rows) if rows else ["It promises nothing."]
