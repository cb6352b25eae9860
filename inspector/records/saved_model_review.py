"""What a review says of a SavedModel: the facts of saved_model.py, bounded, with what they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from inspector.records.saved_model import (
    AssetFacts,
    CheckpointFacts,
    ExtraAsset,
    FileDigest,
    FunctionFacts,
    KerasLayer,
    ServedVersion,
    SignatureFacts,
    TableFacts,
    VariableFacts,
    VariableRole,
    WarmUp,
)


@dataclass(frozen=True, slots=True)
class LoadStep:
    """One thing that runs when the artifact is loaded: its entry point and the nodes of each operator that run first for it."""

    name: str
    node_count: int
    operators: Mapping[str, int] = field(default_factory=dict)
    """Nodes by operator, calls followed, most used first."""


@dataclass(frozen=True, slots=True)
class TagSetReview:
    """One MetaGraph. Lists are bounded; the counts beside them are not."""

    tags: tuple[str, ...]
    is_main: bool
    style: Literal["tf1", "tf2"]
    tensorflow_version: str = ""
    tensorflow_git_version: str = ""
    stripped_default_attrs: bool = False
    producer: int = 0
    min_consumer: int = 0
    node_count: int = 0
    object_count: int = 0
    signatures: tuple[SignatureFacts, ...] = ()
    signature_count: int = 0
    at_load: tuple[LoadStep, ...] = ()
    functions: tuple[FunctionFacts, ...] = ()
    function_count: int = 0
    function_uses: Mapping[str, int] = field(default_factory=dict)
    """Functions by what reaches them, the strongest counted: load, signature, saver, object, nothing."""
    assets: tuple[AssetFacts, ...] = ()
    asset_count: int = 0
    tables: tuple[TableFacts, ...] = ()
    table_count: int = 0
    layers: tuple[KerasLayer, ...] = ()
    layer_count: int = 0
    collections: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VariableShare:
    """Variables and bytes of one role."""

    role: VariableRole
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class TrainingBaggage:
    """What only training uses: variables with their stored bytes, functions with their nodes."""

    variable_count: int = 0
    optimizer_count: int = 0
    bytes: int = 0
    function_count: int = 0
    node_count: int = 0


@dataclass(frozen=True, slots=True)
class SavedModelReview:
    """A SavedModel beside its graph. Lists are bounded; the counts beside them are not."""

    definition: str
    schema_version: int
    tag_sets: tuple[TagSetReview, ...]
    tensorflow_version: str = ""
    keras_version: str = ""
    fingerprint: Mapping[str, str] = field(default_factory=dict)
    """What fingerprint.pb says, its 64-bit hashes in decimal; empty where there is none."""
    checkpoint: CheckpointFacts | None = None
    variables: tuple[VariableFacts, ...] = ()
    """Without their handles."""
    variable_count: int = 0
    variables_by_role: tuple[VariableShare, ...] = ()
    training: TrainingBaggage = field(default_factory=TrainingBaggage)
    extra_assets: tuple[ExtraAsset, ...] = ()
    extra_asset_count: int = 0
    warm_up: WarmUp | None = None
    versions: tuple[ServedVersion, ...] = ()
    version_count: int = 0
    digests: tuple[FileDigest, ...] = ()
    """Of every file beside the definition and the shards, where digests were asked for."""

    @property
    def main(self) -> TagSetReview:
        """The tag set whose graph is shown."""
        return next((one for one in self.tag_sets if one.is_main), self.tag_sets[0])
