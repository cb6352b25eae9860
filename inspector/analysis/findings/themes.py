"""All findings of a computation: what the reader noticed, and the themes of its format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.theme import Theme
from inspector.records.artifact import Computation
from inspector.records.cost import CostSummary, NodeCost
from inspector.records.equal_weights import EqualWeights
from inspector.records.finding import SEVERITIES, Finding
from inspector.records.runtime_support import RuntimeSupport


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
    found = [*computation.findings, *(finding for theme in _themes(computation) for finding in theme(evidence))]
    rank = {severity: position for position, severity in enumerate(SEVERITIES)}
    return tuple(sorted(found, key=lambda finding: (rank[finding.severity], finding.rule)))


def _themes(computation: Computation) -> tuple[Theme, ...]:
    """Return the themes of the computation's format; those of the others are not even imported."""
    if computation.saved_model is not None:
        from inspector.analysis.findings.saved_model_themes import THEMES
    elif computation.tflite is not None:
        from inspector.analysis.findings.tflite_themes import THEMES
    else:
        from inspector.analysis.findings.onnx_themes import THEMES
    return THEMES
