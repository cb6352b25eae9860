"""Every rule in one table: what it looks for, how bad a match usually is, and what to do about it."""

from __future__ import annotations

from typing import Final

from inspector.analysis.findings.rule import Rule
from inspector.analysis.findings.saved_model_rules import SAVED_MODEL_RULES
from inspector.analysis.findings.tflite_rules import TFLITE_RULES
from inspector.records.finding import SEVERITIES

_GENERAL_RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "undefined-tensor",
        "high",
        "a node or graph output reads a tensor that nothing produces",
        "the graph cannot run: export it again, or check the tool that cut it",
    ),
    Rule(
        "graph-cycle",
        "high",
        "nodes read each other's outputs in a circle",
        "the graph cannot run: loops must be written with Loop or Scan",
    ),
    Rule(
        "no-outputs",
        "high",
        "the graph has no outputs",
        "declare what the graph is to compute as outputs",
    ),
    Rule(
        "unknown-domain",
        "high",
        "an operator domain that no runtime registers by itself and no function in the file defines",
        "name the custom-operator library that serves it, or export with standard operators or functions",
    ),
    Rule(
        "undeclared-domain",
        "high",
        "an operator domain that the file uses without importing an operator set for it",
        "add the domain and its version to opset_import",
    ),
    Rule(
        "opset-newer-than-runtime",
        "high",
        "an operator set newer than the installed runtime loads",
        "upgrade the runtime, or convert the model to an older operator set",
    ),
    Rule(
        "ir-newer-than-runtime",
        "high",
        "a file-format (IR) version newer than the installed runtime loads",
        "upgrade the runtime, or save the model with an older IR version",
    ),
    Rule(
        "bound-elsewhere",
        "high",
        "a model that was rewritten for another processor or another release of its runtime than is here",
        "it may fail, or be wrong without any error: make it again here from the portable original",
    ),
    Rule(
        "memory-bomb",
        "high",
        "a node that makes gigabytes out of next to nothing",
        "bound memory when running or constant-folding this model, and check that the shape is meant",
    ),
    Rule(
        "not-topologically-sorted",
        "medium",
        "a node stands before a node whose output it reads",
        "the ONNX checker rejects this order: sort the nodes before shipping",
    ),
    Rule(
        "training-info",
        "medium",
        "training graphs that inference does not need",
        "remove training_info from what you ship",
    ),
    Rule(
        "training-mode",
        "medium",
        "normalization or dropout that runs in training mode",
        "outputs depend on the batch or on chance: export in evaluation mode",
    ),
    Rule(
        "nan-constant",
        "medium",
        "a constant that holds NaN",
        "NaN spreads to everything computed from it: check the export",
    ),
    Rule(
        "duplicate-weights",
        "medium",
        "the same weight bytes stored more than once",
        "store them once and let the nodes share them",
    ),
    Rule(
        "fp64-weights",
        "medium",
        "weights in float64, twice the bytes of float32",
        "convert them to float32 unless the precision is needed",
    ),
    Rule(
        "unused-initializer",
        "medium",
        "an initializer that no node reads",
        "remove it: it costs size and load time",
    ),
    Rule(
        "processor-bound",
        "medium",
        "a model that was rewritten for one kind of processor and one release of its runtime",
        "run it nowhere else; keep the portable original, and make it again when the runtime or the machine changes",
    ),
    Rule(
        "runtime-bound",
        "low",
        "a model that was rewritten with one release of its runtime",
        "make it again from the portable original when the runtime changes",
    ),
    Rule(
        "dead-node",
        "low",
        "a node whose outputs reach no graph output",
        "remove it: simplifying the model does",
    ),
    Rule(
        "unused-input",
        "low",
        "a graph input that no node reads",
        "callers must still feed it: remove it from the signature",
    ),
    Rule(
        "huge-constant",
        "low",
        "a large constant that no learned operator reads (a mask, a table, a folded expression)",
        "compute it in the graph, or keep it as small as the inputs need",
    ),
    Rule(
        "weights-in-constant-nodes",
        "low",
        "weights stored in Constant nodes instead of initializers",
        "move them to initializers: quantizers and other tools look only there",
    ),
    Rule(
        "initializer-shadows-input",
        "low",
        "an initializer that is also a graph input, so callers may override it",
        "runtimes cannot fold or pre-pack it: remove it from the inputs unless overriding is meant",
    ),
    Rule(
        "old-opset",
        "low",
        "an operator set before version 7, the oldest that ONNX Runtime promises to load",
        "convert the model to a newer operator set",
    ),
    Rule(
        "unnamed-dynamic-dimension",
        "low",
        "an input dimension with neither a length nor a name",
        "name it (batch, sequence…), so that equal dimensions can be told from different ones",
    ),
    Rule(
        "input-without-shape",
        "low",
        "an input that does not say how many dimensions it has",
        "declare its shape: nothing downstream can be planned without it",
    ),
    Rule(
        "no-contract",
        "low",
        "no metadata: nothing says how to prepare inputs, what is promised, or who made it",
        "write preprocessing, labels, version and tolerances into metadata_props: a contract makes a model a package",
    ),
    Rule(
        "duplicate-node-name",
        "low",
        "two nodes of one graph share a name",
        "profiles and error messages cannot tell them apart: make names unique",
    ),
    Rule(
        "unnamed-nodes",
        "info",
        "nodes without a name",
        "profiles and error messages can point to them by position only",
    ),
    Rule(
        "missing-shape",
        "info",
        "tensors whose shape neither the file nor inference knows",
        "FLOPs and activation memory are known only in part",
    ),
    Rule(
        "runtime-specific-domain",
        "info",
        "operators that only one runtime family implements",
        "the model is tied to that runtime; keep the portable original too",
    ),
    Rule(
        "string-tensors",
        "info",
        "weights or inputs that hold text",
        "text stays on the CPU and cannot be quantized",
    ),
    Rule(
        "tied-weights",
        "info",
        "weights that share one stretch of storage, or one large weight that several nodes read",
        "tools that rewrite weights must keep them tied",
    ),
    Rule(
        "dropout",
        "info",
        "dropout nodes that do nothing at inference",
        "simplifying the model removes them",
    ),
)

RULES: Final[tuple[Rule, ...]] = tuple(
    sorted((*_GENERAL_RULES, *SAVED_MODEL_RULES, *TFLITE_RULES), key=lambda rule: SEVERITIES.index(rule.severity))
)
"""Rules of analysis, most severe first; reading adds rules of its own about bytes and files (reading_rules.py)."""

RULE: Final[dict[str, Rule]] = {rule.name: rule for rule in RULES}
