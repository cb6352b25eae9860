"""What is looked for in a TensorFlow Lite model."""

from __future__ import annotations

from typing import Final

from inspector.analysis.findings.memory import findings as of_memory
from inspector.analysis.findings.tflite_operators import findings as of_tflite_operators
from inspector.analysis.findings.tflite_structure import findings as of_tflite_structure
from inspector.analysis.findings.theme import Theme
from inspector.analysis.findings.weights import findings as of_weights

THEMES: Final[tuple[Theme, ...]] = (of_memory, of_tflite_operators, of_tflite_structure, of_weights)
