"""What was proven of each signature of an artifact that has several, in short phrases, shared by text and Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from inspector.records.contract import ContractChange
from inspector.records.optimization import Change, SignatureProof
from inspector.records.runnable import RuntimeName
from inspector.report import proof_sentences as prove

RUNTIME_NAMES: Final[dict[RuntimeName, str]] = {
    "onnxruntime": "ONNX Runtime",
    "tensorflow": "TensorFlow",
    "litert": "LiteRT",
}
"""How runtimes are called."""

NO_NAME: Final = "(no name)"


class SignatureRow(NamedTuple):
    """One signature in a table: proven or not, its name, the figures, and what there is to say in sentences."""

    status: str
    name: str
    figures: str
    sentences: tuple[str, ...]


def signature_rows(change: Change) -> list[SignatureRow]:
    """Return what was proven of each signature, the default one first: of that one, which the change tells in full, no more
    than figures."""
    return [_row(proof, in_full=at > 0) for at, proof in enumerate(change.signatures)] if told_apart(change) else []


def told_apart(change: Change) -> bool:
    """Return whether signatures have something to say beside what the change does: there are several, or one has a reason."""
    return len(change.signatures) > 1 or any(proof.reason for proof in change.signatures)


def _row(proof: SignatureProof, in_full: bool) -> SignatureRow:
    figures = [prove.worst_text(proof.parity)]
    figures += [f"unseen: {prove.worst_text(proof.confirmation)}"] if proof.confirmation is not None else []
    if proof.conformance is not None:
        figures.append(f"{proof.conformance.metric} {proof.conformance.status}")
    said = tuple(_sentences(proof)) if in_full else (proof.reason, *proof.notes)
    status = "not proven" if proof.reason else "proven"
    return SignatureRow(status, proof.name or NO_NAME, ", ".join(filter(None, figures)), tuple(filter(None, said)))


def _sentences(proof: SignatureProof) -> Iterator[str]:
    yield proof.reason
    if proof.parity is not None:
        yield prove.parity_sentence(proof.parity)
    if proof.confirmation is not None:
        yield f"on unseen inputs: {prove.parity_sentence(proof.confirmation)}"
    if proof.conformance is not None:
        yield prove.conformance_sentence(proof.conformance)
    for status, figure, asked, observed, _ in prove.gate_rows(gate for gate in proof.gates if not gate.passed):
        yield f"gate {status}: {figure} {asked}, {observed}"
    yield from contract_sentences(proof.contract_changes)
    yield from proof.notes


def contract_sentences(changes: Iterable[ContractChange]) -> Iterator[str]:
    """Yield each change of a contract: "output scores: other, scores → Identity"."""
    for one in changes:
        yield f"{one.place}: {one.kind}, {one.before} → {one.after}{'' if one.allowed else ' (not allowed)'}"


def runtime_text(change: Change) -> str:
    """Return what runs the result, where a step tells: "LiteRT"."""
    return RUNTIME_NAMES[change.runtime] if change.runtime is not None else ""


def signature_text(change: Change) -> str:
    """Return the one signature that was proven, where it has a name and there is no other."""
    return "" if told_apart(change) or not change.signatures else change.signatures[0].name
