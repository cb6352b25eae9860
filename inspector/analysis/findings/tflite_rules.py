"""Rules for TensorFlow Lite models: what an interpreter must bring along, and what callers must know."""

from __future__ import annotations

from typing import Final

from inspector.analysis.findings.rule import Rule

TFLITE_RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "select-tf-operator",
        "medium",
        "operators of TensorFlow that the interpreter runs through the Flex delegate only",
        "ship TensorFlow or the Flex delegate, tens of megabytes, or write them with built-in operators",
    ),
    Rule(
        "no-signature",
        "low",
        "a .tflite without a signature",
        "callers go by the order of its tensors: convert from a SavedModel or from concrete functions with a signature",
    ),
    Rule(
        "unused-buffer",
        "low",
        "buffers that no tensor refers to",
        "they cost size only: convert the model again",
    ),
    Rule(
        "resizable-input",
        "info",
        "an input with open dimensions",
        "an interpreter begins with 1 there: callers resize the input, and its tensors are planned anew",
    ),
    Rule(
        "float-interface",
        "info",
        "a quantized model that takes or gives floats",
        "it quantizes and dequantizes at its edges: integer inputs and outputs save that where callers have integers",
    ),
    Rule(
        "interpreter-extension",
        "info",
        "custom operators that the stock interpreter registers by itself",
        "other builds of the interpreter may lack them",
    ),
)
"""Most severe first, by the worst a rule gives."""
