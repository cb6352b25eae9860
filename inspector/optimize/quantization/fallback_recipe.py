"""What is said of a candidate: which nodes stay in fp32 and why, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite

from inspector.isolation.plain_line import plain_line
from inspector.optimize.quantization.fallback_influence_answer import Influence
from inspector.optimize.quantization.fallback_trial import METHOD_NAMES, Trial
from inspector.optimize.quantization.prepared import Prepared, PreparedNode
from inspector.records.optimization import InputSet, KeptNode, Subject
from inspector.runtimes.installed import installed_version


@dataclass(frozen=True, slots=True)
class Describer:
    """Describes candidates made from one prepared model of a subject."""

    subject: Subject
    prepared: Prepared
    calibration: InputSet

    def kept_nodes(self, trial: Trial, left_out: Mapping[str, str], alone: Sequence[Influence]) -> tuple[KeptNode, ...]:
        """Return the nodes that could have become int8 and stay in fp32.

        left_out are the quantizer's reasons, alone what nodes do to the outputs by themselves, both by prepared name.
        """
        solo = {one.name: one.sqnr_db for one in alone}
        found = []
        for node in self.prepared.nodes:
            sqnr = solo.get(node.name)
            reason = self._reason(node, trial, left_out, sqnr) if node.operator in trial.operators else ""
            if reason:
                found.append(
                    KeptNode(
                        self._name(node),
                        node.operator,
                        reason,
                        _index(node),
                        sqnr if sqnr is not None and isfinite(sqnr) else None,
                    )
                )
        return tuple(found)

    def _reason(self, node: PreparedNode, trial: Trial, left_out: Mapping[str, str], sqnr: float | None) -> str:
        if node.problem:
            return node.problem
        if set(self.prepared.kept).intersection(node.subject):
            return "asked for"
        if node.name in trial.exclude:
            return "loses most in int8" if sqnr is None else _loss(sqnr)
        return left_out.get(node.name, "")

    def _name(self, node: PreparedNode) -> str:
        """Return a node's name as the subject's reader shows it, "#index" where it has none there."""
        nodes = self.subject.inspection.computation.graph.nodes
        index = _index(node)
        if 0 <= index < len(nodes):
            return nodes[index].name or f"#{index}"
        return plain_line(node.name)

    def recipe(self, trial: Trial, kept: Sequence[KeptNode], notes: Sequence[str], added: set[str]) -> tuple[str, ...]:
        """Return how a candidate was made, one line a step; added are the operator sets it newly needs."""
        lines = [*self.prepared.steps, *(notes if trial.kind == "static" else ()), self._how(trial)]
        lines.append(f"operators: {', '.join(sorted(trial.operators))}")
        if kept:
            lines.append("in fp32: " + ", ".join(node.name for node in kept))
        if added:
            lines.append(f"it now needs operators of {', '.join(sorted(added))}: a model for ONNX Runtime")
        return tuple(lines)

    def _how(self, trial: Trial) -> str:
        types = trial.types
        tool = f"onnxruntime {installed_version('onnxruntime')}"
        weights = f"{types.weights} weights per {'channel' if trial.per_channel else 'tensor'}"
        bits = "7-bit range" if types.reduced else "full range"
        if trial.kind == "dynamic":
            return f"{tool} dynamic: uint8 activations, {weights}, {bits}"
        inputs = self.calibration
        of = inputs.source if inputs.seed is None else f"{inputs.source}, seed {inputs.seed}"
        calibration = f"calibration {METHOD_NAMES[trial.method]} on {inputs.count} inputs ({of})"
        return f"{tool} QDQ: {types.activations} activations, symmetric {weights}, {bits}; {calibration}"


def _loss(sqnr: float) -> str:
    """Return what a node does alone, in words."""
    return f"alone in int8 it leaves {sqnr:.1f} dB at the outputs" if sqnr > -inf else "alone in int8 it breaks the model"


def _index(node: PreparedNode) -> int:
    return node.subject[0] if node.subject else -1
