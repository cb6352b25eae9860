"""What was proven of each signature of an artifact that has several, and what the result runs on."""

from __future__ import annotations

from textual.content import Content

from inspector.records.optimization import Change, SignatureProof
from inspector.report.figures import plural
from inspector.report.signature_sentences import NO_NAME, contract_sentences, runtime_text, signature_text, told_apart
from inspector.tui.plain_text import plain
from inspector.tui.widgets.optimize.figures import output_figure, parity_text, worst_output
from inspector.tui.widgets.text_rows import heading, labeled, wrapped

Lines = list[Content]

_MOST_SIGNATURES = 24


def result_lines(change: Change, width: int, label: int) -> Lines:
    """Return what the result runs on and which signature was proven, where a step tells."""
    lines = labeled("runs on", plain(runtime_text(change)), width, label) if change.runtime is not None else []
    name = signature_text(change)
    return [*lines, *(labeled("signature", plain(name), width, label, most=2) if name else [])]


def signature_lines(change: Change, width: int) -> Lines:
    """Return each signature with its figures; of the first one, which the change tells in full, no more than those."""
    if not told_apart(change):
        return []
    proven = sum(not proof.reason for proof in change.signatures)
    counted = f"{proven:,} of {plural(len(change.signatures), 'signature')} proven"
    lines = [heading("each signature"), plain(counted, "$good" if proven == len(change.signatures) else "$high")]
    for at, proof in enumerate(change.signatures[:_MOST_SIGNATURES]):
        lines += _proof_lines(proof, width, in_full=at > 0)
    more = len(change.signatures) - _MOST_SIGNATURES
    return [*lines, *([plain(f"and {more:,} more", "$soft")] if more > 0 else []), Content()]


def _proof_lines(proof: SignatureProof, width: int, in_full: bool) -> Lines:
    mark, style = ("✗ ", "$high bold") if proof.reason else ("✓ ", "$good bold")
    first, *others = wrapped(proof.name or NO_NAME, width - 2, "$ink bold", most=2) or [Content()]
    lines = [Content.assemble((mark, style), first), *(Content.assemble("  ", line) for line in others)]
    told = [(proof.reason, ""), (_figures(proof), "$soft")]
    if in_full:
        told += [(f"{one.gate.figure} at {one.output}: not reached", "$soft") for one in proof.gates if not one.passed]
        told += [(said, "$soft") for said in contract_sentences(proof.contract_changes)]
    told += [(note, "$soft") for note in proof.notes]
    return lines + [
        Content.assemble("  ", line) for text, look in told if text for line in wrapped(text, width - 2, look, most=4)
    ]


def _figures(proof: SignatureProof) -> str:
    """Return the worst output on inputs it was chosen by, and on unseen ones."""
    figures = [f"{plural(proof.parity.inputs, 'input')}: {parity_text(proof.parity)}"] if proof.parity is not None else []
    worst = worst_output(proof.confirmation) if proof.confirmation is not None else None
    if worst is not None and proof.confirmation is not None:
        figures.append(f"{proof.confirmation.inputs:,} unseen: {output_figure(worst)}")
    if proof.conformance is not None:
        figures.append(f"{proof.conformance.metric} {proof.conformance.status}")
    return "  ".join(figures)
