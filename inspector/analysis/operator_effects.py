"""What TensorFlow operators do beyond computing: touch files, the network, Python, the file system, or foreign native code.

Input positions and attribute names are those of the operators' definitions in TensorFlow's registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from inspector.records.graph import Node

EffectKind = Literal["file read", "file write", "network", "python", "filesystem", "native code"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What one operator does: its kind, a phrase for a person, and what names the file, address or function.

    target is the position of an input, or the name of an attribute; None where nothing in the node tells.
    """

    kind: EffectKind
    does: str
    target: int | str | None = None
    only_if_named: bool = False
    """Whether there is no effect while the target is empty: caching without a file name stays in memory."""
    is_checkpoint: bool = False
    """Whether this is how checkpoints are saved and restored: normal in what only the saver uses."""
    is_table: bool = False
    """Whether this fills a lookup table, which is normal from an asset of the artifact."""


def _reads(target: int | str | None, *names: str, does: str = "reads files") -> dict[str, Effect]:
    return dict.fromkeys(names, Effect("file read", does, target))


def _writes(target: int | str | None, *names: str, does: str = "writes a file") -> dict[str, Effect]:
    return dict.fromkeys(names, Effect("file write", does, target))


def _connects(target: int | str | None, does: str, *names: str) -> dict[str, Effect]:
    return dict.fromkeys(names, Effect("network", does, target))


_FILE_READS: Final = {
    **_reads(0, "ReadFile", does="reads a whole file"),
    **_reads(0, "MatchingFiles", "MatchingFilesDataset", "ExperimentalMatchingFilesDataset", does="lists files by pattern"),
    **_reads(0, "TextLineDataset", "TFRecordDataset", "TFRecordDatasetV2"),
    **_reads(0, "FixedLengthRecordDataset", "FixedLengthRecordDatasetV2"),
    **_reads(0, "CSVDataset", "CSVDatasetV2", "ExperimentalCSVDataset", "LMDBDataset", "ExperimentalLMDBDataset"),
    **_reads(None, "WholeFileReader", "WholeFileReaderV2", "TextLineReader", "TextLineReaderV2", "LMDBReader"),
    **_reads(None, "FixedLengthRecordReader", "FixedLengthRecordReaderV2", "TFRecordReader", "TFRecordReaderV2"),
    **_reads(1, "SqlDataset", "ExperimentalSqlDataset", does="reads a database"),
    **_reads(0, "LoadDataset", "ListSnapshotChunksDataset", does="reads a saved dataset"),
    **_reads(0, "SnapshotDatasetReader", "SnapshotChunkDataset", does="reads a saved dataset"),
    **_reads("file_pattern", "RecordInput"),
    **_reads("memory_region_name", "ImmutableConst", does="maps a file into memory"),
    **_reads("vocab_file", "FixedUnigramCandidateSampler", does="reads a vocabulary"),
    **_reads(0, "GenerateVocabRemapping", does="reads a vocabulary"),
    **_reads(0, "LoadAndRemapMatrix", does="reads a checkpoint"),
    **_reads("descriptor_source", "DecodeProtoV2", "EncodeProto", does="reads a message definition"),
}

_FILE_WRITES: Final = {
    **_writes(0, "WriteFile"),
    **_writes(1, "SaveDataset", "SaveDatasetV2", "SnapshotDataset", "SnapshotDatasetV2", does="writes a dataset"),
    **_writes(1, "DatasetToTFRecord", "ExperimentalDatasetToTFRecord", does="writes a dataset"),
    **_writes(1, "DistributedSave", does="writes a dataset from several machines"),
    **_writes(1, "CreateSummaryFileWriter", "CreateSummaryDbWriter", does="writes event logs"),
    **_writes(None, "WriteSummary", "WriteScalarSummary", "WriteHistogramSummary", does="writes event logs"),
    **_writes(None, "WriteImageSummary", "WriteAudioSummary", "WriteGraphSummary", does="writes event logs"),
    **_writes(None, "WriteRawProtoSummary", "ImportEvent", does="writes event logs"),
    **_writes("log_dir_path", "DumpTensor", does="writes a tensor to a file"),
    **_writes("output_file_path", "CalibrationStatisticsSaver", does="writes statistics to a file"),
    **_writes("debug_urls", "DebugIdentity", "DebugIdentityV2", "DebugIdentityV3", does="sends tensors to a debugger"),
    **_writes("debug_urls", "DebugNanCount", "DebugNumericSummary", does="sends tensors to a debugger"),
}

_CHECKPOINTS: Final = {
    **dict.fromkeys(("Restore", "RestoreSlice", "RestoreV2"), Effect("file read", "reads a checkpoint", 0, is_checkpoint=True)),
    "DTensorRestoreV2": Effect("file read", "reads a checkpoint", 0, is_checkpoint=True),
    **dict.fromkeys(("Save", "SaveSlices", "SaveV2"), Effect("file write", "writes a checkpoint", 0, is_checkpoint=True)),
    "MergeV2Checkpoints": Effect("filesystem", "moves and deletes checkpoint files", 1, is_checkpoint=True),
}

_NETWORK: Final = {
    **_connects(0, "opens a connection", "RpcClient"),
    **_connects(1, "calls another machine", "RpcCall"),
    **_connects(0, "listens for connections", "RpcServer"),
    **_connects(None, "listens for connections", "RpcServerStart", "RpcServerRegister"),
    **_connects(2, "reads data from another machine", "DataServiceDataset", "DataServiceDatasetV2"),
    **_connects(2, "reads data from another machine", "DataServiceDatasetV3", "DataServiceDatasetV4"),
    **_connects(1, "sends a dataset to another machine", "RegisterDataset", "RegisterDatasetV2"),
    **_connects(0, "calls another machine", "Rpc", "TryRpc"),
}

_PYTHON: Final = dict.fromkeys(
    ("PyFunc", "PyFuncStateless", "EagerPyFunc"),
    Effect("python", "calls a Python function of the process that made the artifact", "token"),
)

_OTHERS: Final = {
    "FileSystemSetConfiguration": Effect("filesystem", "changes how a file system is reached", 0),
    "GcsConfigureCredentials": Effect("filesystem", "changes how a file system is reached"),
    "XlaCustomCall": Effect("native code", "calls native code by name", "target_name"),
    "XlaCustomCallV2": Effect("native code", "calls native code by name", "call_target_name"),
    "TRTEngineOp": Effect("native code", "runs compiled code that the artifact carries", "serialized_segment"),
}

EFFECTS: Final[Mapping[str, Effect]] = {
    **_FILE_READS,
    **_FILE_WRITES,
    **_CHECKPOINTS,
    **_NETWORK,
    **_PYTHON,
    **_OTHERS,
    **dict.fromkeys(("CacheDataset", "CacheDatasetV2"), Effect("file write", "writes a cache file", 1, only_if_named=True)),
    **dict.fromkeys(
        ("InitializeTableFromTextFile", "InitializeTableFromTextFileV2"),
        Effect("file read", "fills a table from a file", 1, is_table=True),
    ),
    "PrintV2": Effect("file write", "appends text to a file", "output_stream"),
}
"""By operator name."""

REMOTE_SCHEMES: Final = frozenset(
    ("gs", "s3", "s3e", "s3n", "hdfs", "viewfs", "har", "http", "https", "grpc", "az", "abfs", "tcp")
)
"""File names of these schemes are reached over the network."""

_INLINE_DESCRIPTORS: Final = ("local://", "bytes://")


def effect_of(node: Node) -> Effect | None:
    """Return what a node does beyond computing, None if nothing; what only its attributes decide is decided here."""
    effect = EFFECTS.get(node.operator)
    if effect is None or not isinstance(effect.target, str):
        return effect
    texts = attribute_texts(node, effect.target)
    if node.operator == "PrintV2":
        return effect if texts and texts[0].startswith("file://") else None
    if node.operator in ("DecodeProtoV2", "EncodeProto"):
        return effect if texts and texts[0] and not texts[0].startswith(_INLINE_DESCRIPTORS) else None
    if effect.target == "debug_urls" or node.operator == "FixedUnigramCandidateSampler":
        return effect if any(texts) else None
    return effect


def attribute_texts(node: Node, name: str) -> tuple[str, ...]:
    """Return the text of an attribute, or each text of a list; () where it has none."""
    found = node.attribute(name)
    if found is None:
        return ()
    values = found.value if isinstance(found.value, tuple) else (found.value,)
    return tuple(value for value in values if isinstance(value, str))


def scheme_of(target: str) -> str:
    """Return the scheme of a URL in lower case ("gs"), "" for a plain file name."""
    scheme, separator, _ = target.partition("://")
    return scheme.lower() if separator and scheme.isalnum() else ""
