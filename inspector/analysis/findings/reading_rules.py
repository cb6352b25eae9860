"""Rules that match while an artifact is read, shown beside those of analysis; each match carries a hint of its own."""

from __future__ import annotations

from typing import Final

from inspector.analysis.findings.rule import Rule

READING_RULES: Final[tuple[Rule, ...]] = (
    Rule("changed-while-open", "high", "the file changed while it was read"),
    Rule("duplicate-tensor-name", "high", "two tensors of one graph have the same name"),
    Rule("external-data-checksum", "high", "an external file is not the one whose checksum the model states"),
    Rule("external-data-escapes", "high", "external weights lie outside the artifact's folder, and were not opened"),
    Rule("external-data-invalid", "high", "what is said of a weight's external data makes no sense"),
    Rule("external-data-missing", "high", "an external weight file is not there"),
    Rule("external-data-truncated", "high", "an external weight file ends before the weights in it do"),
    Rule("external-data-unusable", "high", "external weights lie in something that is no regular file"),
    Rule("trailing-bytes", "high", "bytes after the end of the model"),
    Rule("weight-size-mismatch", "high", "a weight holds more or fewer bytes than its shape and element type ask for"),
    Rule("unknown-dtype", "high", "an element type that ONNX does not define"),
    Rule("negative-dimension", "high", "a length below zero"),
    Rule("checkpoint-unreadable", "high", "the index of a checkpoint is damaged"),
    Rule("shard-missing", "high", "a data file of the checkpoint is not there"),
    Rule("shard-size-mismatch", "high", "a data file of the checkpoint is shorter than its index needs"),
    Rule("variable-missing", "high", "a variable that the checkpoint does not hold"),
    Rule("duplicate-function", "high", "two functions of one library share a name"),
    Rule("weight-data-missing", "high", "stored values that lie behind the end of the file"),
    Rule("buffer-out-of-range", "high", "a tensor of a .tflite that refers to a buffer the file does not have"),
    Rule("operator-code-out-of-range", "high", "a node of a .tflite of an operator the file does not name"),
    Rule("signature-broken", "high", "a signature of a .tflite that refers to what the file does not have"),
    Rule("subgraph-out-of-range", "high", "a node of a .tflite that calls a graph the file does not have"),
    Rule("tensor-out-of-range", "high", "a node of a .tflite that refers to a tensor its graph does not have"),
    Rule("unknown-operator", "medium", "operators of a .tflite that are newer than this program knows"),
    Rule("object-graph-unreadable", "medium", "the objects that the artifact was saved from cannot be read"),
    Rule("checkpoint-big-endian", "medium", "variables stored with the high byte first"),
    Rule("conflicting-opsets", "medium", "one operator domain imported in two versions"),
    Rule("external-data-overlap", "medium", "different weights share bytes of an external file"),
    Rule("invalid-utf8", "medium", "names that are no valid UTF-8"),
    Rule("overlong-name", "medium", "names that are too long to show"),
    Rule("shape-contradiction", "medium", "the file declares another shape or type than its operators give"),
    Rule("unknown-field", "medium", "data that is no part of the format"),
    Rule("unprintable-name", "medium", "names with control or invisible characters"),
    Rule("external-data-gap", "low", "bytes of an external file that no weight uses"),
    Rule("external-data-link", "low", "an external file that is a link within the artifact's folder"),
    Rule("fingerprint-unreadable", "low", "fingerprint.pb cannot be read"),
    Rule("checkpoint-unchecked", "info", "an index too large to verify all checksums of"),
    Rule("hub-cache-link", "info", "an external file that is a link into a Hugging Face cache"),
    Rule("long-attribute", "info", "attributes whose lists are shown only from their start"),
    Rule("repeated-tensor-name", "info", "tensors of a .tflite that share a name"),
    Rule("shape-inference-failed", "info", "shape inference did not finish"),
)
"""Most severe first, by the worst a rule gives."""
