"""All themes of findings in one list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from inspector.analysis.findings.connections import findings as of_connections
from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.large_constants import findings as of_large_constants
from inspector.analysis.findings.memory import findings as of_memory
from inspector.analysis.findings.names import findings as of_names
from inspector.analysis.findings.operator_sets import findings as of_operator_sets
from inspector.analysis.findings.saved_model_calls import findings as of_saved_model_calls
from inspector.analysis.findings.saved_model_effects import findings as of_saved_model_effects
from inspector.analysis.findings.saved_model_files import findings as of_saved_model_files
from inspector.analysis.findings.saved_model_operators import findings as of_saved_model_operators
from inspector.analysis.findings.saved_model_serving import findings as of_saved_model_serving
from inspector.analysis.findings.signature import findings as of_signature
from inspector.analysis.findings.training import findings as of_training
from inspector.analysis.findings.unused import findings as of_unused
from inspector.analysis.findings.weights import findings as of_weights
from inspector.records.artifact import Computation
from inspector.records.cost import CostSummary, NodeCost
from inspector.records.equal_weights import EqualWeights
from inspector.records.finding import SEVERITIES, Finding
from inspector.records.runtime_support import RuntimeSupport

Theme = Callable[[Evidence], Iterator[Finding]]

_ONNX_THEMES: Final[tuple[Theme, ...]] = (
    of_connections,
    of_large_constants,
    of_memory,
    of_names,
    of_operator_sets,
    of_signature,
    of_training,
    of_unused,
    of_weights,
)
_SAVED_MODEL_THEMES: Final[tuple[Theme, ...]] = (
    of_saved_model_effects,
    of_saved_model_operators,
    of_saved_model_calls,
    of_saved_model_files,
    of_saved_model_serving,
    of_weights,
)
"""TensorFlow's graphs may hold loops and nodes in any order, and run nodes for their effect alone."""


def find(
    computation: Computation,
    costs: Mapping[str, Sequence[NodeCost]],
    cost_summary: CostSummary,
    equal_weights: Sequence[EqualWeights],
    runtime_support: RuntimeSupport,
) -> tuple[Finding, ...]:
    """Return all findings, the reader's included, most severe first, then by rule, then as they were found.

    One finding tells of all matches of one rule and cause. Linear in nodes and their inputs.
    """
    evidence = Evidence(computation, costs, cost_summary, tuple(equal_weights), runtime_support)
    themes = _ONNX_THEMES if computation.saved_model is None else _SAVED_MODEL_THEMES
    found = [*computation.findings, *(finding for theme in themes for finding in theme(evidence))]
    rank = {severity: position for position, severity in enumerate(SEVERITIES)}
    return tuple(sorted(found, key=lambda finding: (rank[finding.severity], finding.rule)))
