"""What is looked for in an ONNX model."""

from __future__ import annotations

from typing import Final

from inspector.analysis.findings.bound import findings as of_binding
from inspector.analysis.findings.connections import findings as of_connections
from inspector.analysis.findings.large_constants import findings as of_large_constants
from inspector.analysis.findings.memory import findings as of_memory
from inspector.analysis.findings.names import findings as of_names
from inspector.analysis.findings.operator_sets import findings as of_operator_sets
from inspector.analysis.findings.signature import findings as of_signature
from inspector.analysis.findings.theme import Theme
from inspector.analysis.findings.training import findings as of_training
from inspector.analysis.findings.unused import findings as of_unused
from inspector.analysis.findings.weights import findings as of_weights

THEMES: Final[tuple[Theme, ...]] = (
    of_binding,
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
