"""What a reader should know about a computation: rules by theme, each a pure function of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspector.analysis.findings import (
    connections,
    external_files,
    large_constants,
    memory,
    names,
    operator_sets,
    signature,
    training,
    unused,
    weights,
)
from inspector.analysis.findings.evidence import Evidence
from inspector.records.artifact import Computation
from inspector.records.cost import CostSummary, NodeCost
from inspector.records.equal_weights import EqualWeights
from inspector.records.finding import SEVERITIES, Finding
from inspector.records.runtime_support import RuntimeSupport

_THEMES = (
    connections,
    external_files,
    large_constants,
    memory,
    names,
    operator_sets,
    signature,
    training,
    unused,
    weights,
)


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
    found = [*computation.findings, *(finding for theme in _THEMES for finding in theme.findings(evidence))]
    rank = {severity: position for position, severity in enumerate(SEVERITIES)}
    return tuple(sorted(found, key=lambda finding: (rank[finding.severity], finding.rule)))
