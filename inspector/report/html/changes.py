"""What was changed and what it costs: every step with its reason, proof and price; what was published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from inspector.records.measurement import Comparison, MeasurementKind
from inspector.records.optimization import Change
from inspector.records.parity import OutputParity, Parity
from inspector.records.review import Review
from inspector.report import optimization_sentences as say
from inspector.report import proof_sentences as prove
from inspector.report import signature_sentences as sign
from inspector.report.figures import plural, share_text, whole_text
from inspector.report.html.blocks import (
    Block,
    Cell,
    Section,
    code,
    columns,
    facts,
    group,
    mark,
    number,
    points,
    right,
    section,
    table,
    words,
)
from inspector.report.publishing_sentences import published_entries

MOST_STEPS: Final = 30
"""Steps that are told in full."""


def changes_section(review: Review) -> list[Section]:
    """Return all steps in one table, then each in full; those of slimming have a section of their own."""
    changes = [change for change in review.changes if change.optimizer != "slim"]
    blocks = _overview(changes)
    for change in changes[:MOST_STEPS]:
        blocks += group(f"{change.optimizer}, in full", _change(change), change.verdict, folded=True)
    return section("changes", "What changed and what it costs", blocks, badge=whole_text(len(changes)))


def published_section(review: Review) -> list[Section]:
    """Return which version of a serving folder it has become."""
    if review.published is None:
        return []
    return section("publishing", f"Published as version {review.published.version}", facts(published_entries(review.published)))


def _overview(changes: Sequence[Change]) -> list[Block]:
    titles = columns("step", "verdict", right(*_FIGURES))
    blocks = table("Every step, in order", titles, map(_row, changes), noun="step")
    overall = say.overall_text(changes)
    return [*words(f"{overall}." if overall else "", "strong"), *blocks]


def _row(change: Change) -> tuple[Cell | str, ...]:
    after = change.after
    worst = prove.worst_output(change.parity) if change.parity is not None else None
    return (
        Cell(change.optimizer, "strong", aside=change.reason),
        replace(mark(change.verdict), aside=_gates_text(change)),
        number(say.size_text(change.before, after), after.size_bytes if after else None),
        number(say.nodes_text(change.before, after).partition(" (")[0], after.node_count if after else None),
        number(prove.worst_text(change.parity), worst.sqnr_db if worst else None),
        *(_ratio(change, kind) for kind in _KINDS),
    )


_FIGURES: Final = ("size", "nodes", "worst output", "session creation", "cold start", "latency")
_KINDS: Final[tuple[MeasurementKind, ...]] = ("session_creation", "cold_start", "latency")


def _gates_text(change: Change) -> str:
    """Return how many gates passed, or which did not."""
    failed = [prove.FIGURES.get(one.gate.figure, one.gate.figure) for one in change.gates if not one.passed]
    if failed:
        return f"gate failed: {', '.join(failed)}"
    return f"{plural(len(change.gates), 'gate')} passed" if change.gates else ""


def _ratio(change: Change, kind: MeasurementKind) -> Cell:
    found = say.comparison_of(change, kind)
    return number(prove.ratio_text(found), found.ratio if found is not None else None)


def _change(change: Change) -> list[Block]:
    return [
        *facts(_facts(change)),
        *_measured(change.comparisons),
        *group("Parity by output", [*_parity(change.parity), *_parity(change.confirmation, " on unseen inputs")], folded=True),
        *_gates(change),
        *_signatures(change),
        *_contract_changes(change),
        *group("Recipe", points(change.recipe, "code"), folded=True),
        *group("Attempts", _attempts(change), folded=True),
        *group("Nodes that stay in fp32, and sensitivity", [*_kept(change), *_sensitivity(change)], folded=True),
    ]


def _facts(change: Change) -> Iterator[tuple[str, Cell | str]]:
    preflight = change.preflight
    sentences = (
        ("reason", [change.reason]),
        ("size", [say.size_text(change.before, change.after)]),
        ("nodes", [say.nodes_text(change.before, change.after)]),
        ("runs on", [sign.runtime_text(change)]),
        ("signature", [sign.signature_text(change)]),
        ("choice", [say.choice_text(change)]),
        ("grounds", preflight.notes if preflight is not None else ()),
        ("parity", [prove.parity_sentence(change.parity)] if change.parity is not None else []),
        ("on unseen inputs", [prove.parity_sentence(change.confirmation)] if change.confirmation is not None else []),
        ("conformance", [prove.conformance_sentence(change.conformance)] if change.conformance is not None else []),
        ("left over", say.autopsy_sentences(change.autopsy) if change.autopsy is not None else ()),
        ("repairs", change.repairs),
        ("warning", say.change_warnings(change)),
        ("took", [say.effort_text(change)]),
    )
    for label, values in sentences:
        yield from ((label, value) for value in values)
    yield from (("written to", code(path)) for path in (change.output, *change.files))


def _measured(comparisons: Sequence[Comparison]) -> list[Block]:
    rows = [(prove.measured_text(one), mark(one.verdict), prove.comparison_sentence(one)) for one in comparisons]
    return table("Measured beside the artifact it began with", ("what", "verdict", "figures"), rows, noun="comparison")


def _parity(parity: Parity | None, where: str = "") -> list[Block]:
    if parity is None:
        return []
    titles = columns("output", "dtype", right("SQNR in dB", "lowest cosine", "largest error", "scale", "same winners"), "note")
    caption = f"Parity{where}, {plural(parity.inputs, 'input')} on {parity.device}"
    return table(caption, titles, map(_output, parity.outputs), noun="output")


def _output(one: OutputParity) -> tuple[Cell | str, ...]:
    return (
        code(one.output),
        one.dtype,
        number("" if one.sqnr_db is None else f"{one.sqnr_db:.1f}", one.sqnr_db),
        *(_figure(figure) for figure in (one.cosine, one.max_absolute, one.scale)),
        number("" if one.top1_agreement is None else share_text(one.top1_agreement), one.top1_agreement),
        one.problem,
    )


def _figure(figure: float | None) -> Cell:
    return number("" if figure is None else prove.number_text(figure), figure)


def _gates(change: Change) -> list[Block]:
    rows: list[tuple[Cell | str, ...]] = [(mark(status), *rest) for status, *rest in prove.gate_rows(change.gates)]
    return table(
        "Gates, each held against the worst output", ("result", "figure", "asked", "observed", "why"), rows, noun="gate"
    )


def _signatures(change: Change) -> list[Block]:
    rows = [
        (mark(row.status), code(row.name), row.figures, "; ".join(row.sentences)) for row in sign.signature_rows(change)[:200]
    ]
    titles = ("result", "signature", "figures", "more")
    return table("Signatures, each proven on its own", titles, rows, len(change.signatures), "signature")


def _contract_changes(change: Change) -> list[Block]:
    rows = [
        (mark("allowed" if one.allowed else "not allowed"), one.kind, one.place, code(one.before), code(one.after))
        for one in change.contract_changes
    ]
    return table("Changes of the contract", ("result", "kind", "place", "before", "after"), rows, noun="change")


def _attempts(change: Change) -> list[Block]:
    rows = [(mark(outcome), name, figures, reason) for outcome, name, figures, reason in say.attempt_rows(change.attempts)]
    return table("Every candidate, the chosen one first", ("outcome", "candidate", "figures", "reason"), rows, noun="attempt")


def _kept(change: Change) -> list[Block]:
    rows = [(code(name), code(operator), reason) for name, operator, reason in say.kept_rows(change.kept_fp32)]
    return table("Nodes that stay in fp32", ("node", "operator", "why"), rows, len(change.kept_fp32), "node")


def _sensitivity(change: Change) -> list[Block]:
    titles = columns("node", "operator", right("SQNR alone", "SQNR with all before"))
    rows = [(code(row[0]), code(row[1]), *row[2:]) for row in say.sensitivity_rows(change.sensitivity)]
    return table("Most sensitive nodes", titles, rows, len(change.sensitivity), "node")
