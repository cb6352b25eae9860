"""What is looked for in a SavedModel."""

from __future__ import annotations

from typing import Final

from inspector.analysis.findings.saved_model_calls import findings as of_saved_model_calls
from inspector.analysis.findings.saved_model_effects import findings as of_saved_model_effects
from inspector.analysis.findings.saved_model_files import findings as of_saved_model_files
from inspector.analysis.findings.saved_model_operators import findings as of_saved_model_operators
from inspector.analysis.findings.saved_model_serving import findings as of_saved_model_serving
from inspector.analysis.findings.theme import Theme
from inspector.analysis.findings.weights import findings as of_weights

THEMES: Final[tuple[Theme, ...]] = (
    of_saved_model_effects,
    of_saved_model_operators,
    of_saved_model_calls,
    of_saved_model_files,
    of_saved_model_serving,
    of_weights,
)
"""TensorFlow's graphs may hold loops and nodes in any order, and run nodes for their effect alone."""
