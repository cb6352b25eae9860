"""Operators that touch files, the network or Python, and where they are planted; needs no TensorFlow.

Nothing of it ever runs: the nodes are written into the graph as data, and the artifacts are never loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

INIT_FILE = "/etc/cron.d/planted-in-init"
INIT_FUNCTION_FILE = "/etc/cron.d/planted-in-a-function-of-init"
UNREACHABLE_FILE = "/etc/cron.d/planted-where-nothing-leads"
OUTSIDE_VOCABULARY = "/etc/planted-vocabulary"

PLACES = {
    "call": "/var/planted-in-call",
    "If": "/var/planted-in-if",
    "While": "/var/planted-in-while",
    "Map": "/var/planted-in-map",
}
"""File name by the kind of nesting whose function gets a WriteFile."""

HIDDEN = {
    "Case": "/var/planted-in-case",
    "operator": "/var/planted-in-function-called-as-an-operator",
    "unknown": "/var/planted-in-function-of-unknown-operator",
}
"""File name by the unusual way in which a function is reached: from a list of branches, as an operator of its own name, from
an attribute of an operator that nobody knows."""

MAIN_OP_FILE = "/etc/cron.d/planted-in-main-op"


@dataclass(frozen=True)
class Planted:
    """One operator with the kind of its effect, the text that names its target, and where the text goes.

    target_input: position of the input that carries the text; None where attributes do.
    """

    operator: str
    kind: str
    text: str
    target_input: int | None = 0
    attributes: Mapping[str, str] = field(default_factory=dict)


OPERATORS = (
    Planted("ReadFile", "file read", "/etc/planted-read"),
    Planted("MatchingFiles", "file read", "/home/*/planted-matching"),
    Planted("TextLineDataset", "file read", "/etc/planted-lines"),
    Planted("TFRecordDataset", "file read", "/data/planted-records"),
    Planted("FixedLengthRecordDatasetV2", "file read", "/data/planted-fixed"),
    Planted("SqlDataset", "file read", "/data/planted.sqlite", 1),
    Planted("ImmutableConst", "file read", "/dev/planted-region", None, {"memory_region_name": "/dev/planted-region"}),
    Planted("LoadAndRemapMatrix", "file read", "/data/planted-checkpoint"),
    Planted("RestoreV2", "file read", "/data/planted-restore"),
    Planted("WriteFile", "file write", "/etc/planted-write"),
    Planted("SaveV2", "file write", "/data/planted-save"),
    Planted("SaveDatasetV2", "file write", "/data/planted-dataset", 1),
    Planted("DatasetToTFRecord", "file write", "/data/planted-out", 1),
    Planted("CreateSummaryFileWriter", "file write", "/var/log/planted-events", 1),
    Planted("CacheDatasetV2", "file write", "/var/planted-cache", 1),
    Planted("PrintV2", "file write", "/var/log/planted-print", None, {"output_stream": "file:///var/log/planted-print"}),
    Planted("MergeV2Checkpoints", "filesystem", "/data/planted-merge", 1),
    Planted("FileSystemSetConfiguration", "filesystem", "planted-scheme"),
    Planted("RpcClient", "network", "planted-client.example:443"),
    Planted("RpcCall", "network", "planted_method", 1),
    Planted("DataServiceDatasetV4", "network", "planted-data.example:5050", 2),
    Planted("RegisterDatasetV2", "network", "planted-register.example:5050", 1),
    Planted("PyFunc", "python", "planted_token", None, {"token": "planted_token"}),
    Planted("PyFuncStateless", "python", "planted_stateless", None, {"token": "planted_stateless"}),
    Planted("EagerPyFunc", "python", "planted_eager", None, {"token": "planted_eager"}),
)
