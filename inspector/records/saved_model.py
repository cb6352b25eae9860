"""What a SavedModel says beyond its graphs: tag sets, signatures, variables, objects, files, and what runs when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from inspector.records.graph import NodeRef
from inspector.records.tensor import Shape

TENSORFLOW: Final = "tensorflow"
"""Domain of every node of a SavedModel (Node.domain); Function.domain is "" or, for another tag set, its tags."""

EntryKind = Literal["load", "signature", "saver", "object"]
"""What makes nodes run: loading the artifact, a request to a signature, saving or restoring the checkpoint, or only Python
code that calls a method of the loaded object."""

VariableRole = Literal["parameter", "optimizer", "training", "state"]
"""parameter: read by a signature, or a model's own weight; optimizer: a slot or state of an optimizer; training: only reached
by training code (metrics, losses, save counter); state: no floating-point number, such as a counter or a seed."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The content of fingerprint.pb: hashes as 64-bit unsigned integers, 0 where absent."""

    saved_model_checksum: int
    graph_def_program_hash: int = 0
    signature_def_hash: int = 0
    saved_object_graph_hash: int = 0
    checkpoint_hash: int = 0
    uuid: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class SignatureTensor:
    """One input or output of a signature.

    tensor: name of the tensor in the MetaGraph's GraphDef ("serving_default_x:0"; components separated by ", " where the
    encoding is not "dense"). structured: where the value sits in the arguments or results of the Python function, such as
    "args[0]['x']" or "['logits']"; "" where that was not recorded. default: the value taken when the request leaves the
    input out, as text; None without one.
    """

    name: str
    dtype: str
    shape: Shape | None
    tensor: str = ""
    encoding: Literal["dense", "coo_sparse", "composite"] = "dense"
    structured: str = ""
    default: str | None = None


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """One SignatureDef. graph: Graph.path of the function it runs, "" also for the pruned main graph; None if not found."""

    name: str
    method: str
    inputs: tuple[SignatureTensor, ...]
    outputs: tuple[SignatureTensor, ...]
    graph: str | None = None
    function: str = ""
    """Name of the function it runs; empty for a signature of a TF1-style graph."""
    wrapper: str = ""
    """Name of the function around it that only passes arguments on, where there is one."""


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """Where execution begins.

    nodes: the nodes that are fetched; all they take, by tensor or control input, runs too. graphs: paths of the functions
    that run as a whole (TensorFlow runs every node with side effects in a function that is called, fetched or not).
    """

    kind: EntryKind
    name: str
    """The signature's name; "init op", "main op", "table vocabulary: create", "restore", or the path of a method
    ("root.layers[0].call")."""
    nodes: tuple[NodeRef, ...] = ()
    graphs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """One function of the library. calls and callers are Graph.path values, in the order of the library."""

    name: str
    path: str
    node_count: int
    calls: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    used_by: tuple[EntryKind, ...] = ()
    """What reaches it, strongest first; empty: nothing does."""
    methods: tuple[str, ...] = ()
    """Paths of the object methods it is the traced body of, such as "root.layers[0].__call__"."""
    training: bool = False
    """Whether only training runs it: traced with training=True or updating variables, and no signature or load reaches it."""
    cyclic: bool = False
    """Whether it calls itself, directly or not."""
    gradient_of: str = ""
    """Name of the function whose gradient it is."""


@dataclass(frozen=True, slots=True)
class Handle:
    """A tensor that stands for a variable: the resource itself, in the graph of that path."""

    graph: str
    tensor: str


@dataclass(frozen=True, slots=True)
class VariableFacts:
    """One variable: what the object graph or GraphDef says of it, and where the checkpoint holds it.

    key: the checkpoint's key, "" where the checkpoint has none (then stored is False). weight: Weight.name, "" if it is not
    stored. byte_count: bytes stored. shard: number of the data file, -1 if not stored or in slices over several of them.
    """

    name: str
    key: str
    dtype: str
    shape: tuple[int, ...] | None
    byte_count: int
    shard: int = -1
    offset: int = 0
    weight: str = ""
    role: VariableRole = "parameter"
    trainable: bool = False
    declared: bool = True
    """Whether a graph or object declares it; False for an entry that only the checkpoint has."""
    stored: bool = True
    slot_of: str = ""
    """For a slot: name of the variable it belongs to."""
    slot: str = ""
    """For a slot: its name, such as "m" or "momentum"."""
    slices: tuple[str, ...] = ()
    """Of a variable stored in parts: what each covers, "0,512:-"."""
    handles: tuple[Handle, ...] = ()
    device: str = ""


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    """The checkpoint in variables/: entries of the index, and its data files as the index counts them."""

    prefix: str
    """Path of the checkpoint in the folder, "variables/variables"; empty if there is none."""
    entry_count: int
    shard_count: int
    byte_count: int
    """Bytes of all entries."""
    producer: int = 0
    shards: tuple[Shard, ...] = ()
    is_little_endian: bool = True


@dataclass(frozen=True, slots=True)
class Shard:
    """One data file of the checkpoint: its size on disk (None: not there) and how far the index says it reaches."""

    path: str
    size_bytes: int | None
    needed_bytes: int
    entry_count: int
    used_bytes: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class KerasLayer:
    """One Keras layer, model, metric or other object that Keras recorded."""

    path: str
    """Path in the object graph, "root.layers[0]"; "root" for the model itself."""
    kind: str
    """"model", "layer", "metric", "optimizer" or what Keras calls it."""
    name: str
    class_name: str
    trainable: bool | None = None
    parameters: int = 0
    """Elements of the variables it or what it holds owns, each counted once."""
    variables: tuple[str, ...] = ()
    """VariableFacts.name of each variable it holds itself or through what is no layer."""
    depth: int = 0
    keras_version: str = ""


@dataclass(frozen=True, slots=True)
class SavedObject:
    """One node of the object graph. kind: "user object", "variable", "function", "asset", "constant", "resource", …"""

    index: int
    path: str
    kind: str
    identifier: str = ""
    detail: str = ""
    children: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class AssetFacts:
    """One file of assets/ as the MetaGraph names it.

    path is relative to the SavedModel's folder; problem says why the file cannot be read.
    """

    filename: str
    path: str
    tensor: str = ""
    size_bytes: int | None = None
    contained: bool = True
    problem: str = ""
    declared: bool = True
    """False for a file that lies in assets/ and no MetaGraph names."""


@dataclass(frozen=True, slots=True)
class ExtraAsset:
    """One file below assets.extra/, which TensorFlow does not read itself."""

    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class WarmUp:
    """assets.extra/tf_serving_warmup_requests: how many requests it holds and whether a server can replay them."""

    path: str
    size_bytes: int
    request_count: int
    kinds: Mapping[str, int] = field(default_factory=dict)
    """Requests by kind: predict, classify, regress, multi_inference, session_run."""
    signatures: tuple[str, ...] = ()
    """Signatures the requests name ("" stands for the default)."""
    problem: str = ""
    """Why it is not well formed; empty if it is."""


@dataclass(frozen=True, slots=True)
class TableFacts:
    """One lookup table: where it is made and what fills it."""

    name: str
    operator: str
    key_dtype: str
    value_dtype: str
    node: NodeRef
    initializer: NodeRef | None = None
    initializer_operator: str = ""
    source: str = ""
    """What it is filled from: "assets/vocabulary.txt", "constant values", or "" where that is not known."""
    entries: int | None = None
    """Keys, where constants fill it."""


@dataclass(frozen=True, slots=True)
class OperatorDefinition:
    """One operator as the artifact's own list describes it (MetaInfoDef.stripped_op_list)."""

    name: str
    is_stateful: bool = False
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetaGraphFacts:
    """One MetaGraph: a tag set with its graph, functions, signatures and everything around them."""

    tags: tuple[str, ...]
    tensorflow_version: str = ""
    tensorflow_git_version: str = ""
    stripped_default_attrs: bool = False
    producer: int = 0
    """GraphDef version that wrote it; min_consumer is the oldest that can read it."""
    min_consumer: int = 0
    is_main: bool = False
    """Whether Computation.signatures and Computation.graph are this one's."""
    graphs: tuple[str, ...] = ()
    """Paths of the graphs that together are the GraphDef and share its names: ("graph:serve",), or for a TF1-style graph
    ("", "graph:serve"), the main graph and what is not part of it."""
    node_count: int = 0
    """Nodes of the whole GraphDef, functions left out."""
    style: Literal["tf1", "tf2"] = "tf2"
    """tf2: with an object graph; tf1: a GraphDef that signatures fetch tensors from."""
    signatures: tuple[SignatureFacts, ...] = ()
    entries: tuple[EntryPoint, ...] = ()
    """load entries first, then signature, saver, object."""
    functions: tuple[FunctionFacts, ...] = ()
    operators: tuple[OperatorDefinition, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Function name by the Python name it was aliased to."""
    collections: Mapping[str, int] = field(default_factory=dict)
    """Number of items by collection (TF1)."""
    assets: tuple[AssetFacts, ...] = ()
    tables: tuple[TableFacts, ...] = ()
    layers: tuple[KerasLayer, ...] = ()
    objects: tuple[SavedObject, ...] = ()
    """The object graph; empty for a TF1-style graph."""
    object_count: int = 0
    """Nodes of the object graph, more than there are in objects where it is very large."""
    saver: Mapping[str, str] = field(default_factory=dict)
    """SaverDef: "filename", "save", "restore" with the names of tensors and operation."""

    @property
    def title(self) -> str:
        """The tags as one text: "serve", "serve, gpu"; "(no tags)" without."""
        return ", ".join(self.tags) or "(no tags)"


@dataclass(frozen=True, slots=True)
class MissingCall:
    """A node that names a function which the library of its MetaGraph does not hold."""

    node: NodeRef
    function: str


@dataclass(frozen=True, slots=True)
class FileDigest:
    """A file of a SavedModel beside its definition and its shards; sha256 is None where problem says why."""

    path: str
    size_bytes: int | None
    sha256: str | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """One numeric folder of a serving folder."""

    version: int
    folder: str
    size_bytes: int
    is_served: bool = False
    """Whether a server with the default policy picks it: the largest number."""
    signatures: tuple[SignatureFacts, ...] = ()
    tensorflow_version: str = ""
    problem: str = ""
    """Why it cannot be read; empty if it can."""
    differences: tuple[str, ...] = ()
    """How its signatures differ from those of the served version; empty if they do not."""


@dataclass(frozen=True, slots=True)
class SavedModelFacts:
    """Everything a SavedModel holds that is no graph."""

    folder: str
    """The SavedModel's own folder."""
    definition: str
    """"saved_model.pb" or "saved_model.pbtxt"."""
    schema_version: int
    tag_sets: tuple[MetaGraphFacts, ...]
    checkpoint: CheckpointFacts | None = None
    variables: tuple[VariableFacts, ...] = ()
    fingerprint: Fingerprint | None = None
    extra_assets: tuple[ExtraAsset, ...] = ()
    warm_up: WarmUp | None = None
    keras_version: str = ""
    versions: tuple[ServedVersion, ...] = ()
    """Where a serving folder was opened: its versions, newest first. What is shown is the one that is served."""
    missing_calls: tuple[MissingCall, ...] = ()
    """Calls that lead nowhere, of all tag sets."""
    digests: tuple[FileDigest, ...] = ()
    """Of every file beside the definition and the shards, which Artifact and ExternalFile know; empty until asked for."""

    @property
    def main(self) -> MetaGraphFacts:
        """The tag set whose signatures and graph are shown."""
        return next((one for one in self.tag_sets if one.is_main), self.tag_sets[0])
