"""What was opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from inspector.records.finding import Finding
from inspector.records.graph import Function, Graph, Signature
from inspector.records.tensor import Weight

if TYPE_CHECKING:
    from inspector.records.saved_model import SavedModelFacts
    from inspector.records.tflite import TFLiteFacts

Format = Literal["onnx", "saved_model", "tflite", "image"]
LinkKind = Literal["none", "symlink", "hard_link", "hub_cache"]


@dataclass(frozen=True, slots=True)
class Artifact:
    """The file or folder that was opened: path as the user gave it, format, bytes on disk (external data not counted)."""

    path: str
    format: Format
    size_bytes: int
    sha256: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Key-value pairs the artifact carries (ONNX metadata_props)."""
    link: LinkKind = "none"
    inside: str = ""
    """Of an artifact inside an image: "image ▸ path in it", shown in place of path, which is where a copy lies in memory."""


@dataclass(frozen=True, slots=True)
class EngineReference:
    """An image on the container engine that DOCKER_HOST, or the current context, names."""

    name: str
    """As the engine takes it: name, name:tag, name@digest or an ID."""
    explicit: bool = True
    """Whether docker:// said so; otherwise it is tried because no such file exists."""

    def __str__(self) -> str:
        return f"docker://{self.name}" if self.explicit else self.name


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A stretch of a file: offset and length in bytes."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class ExternalFile:
    """One external-data file: where it is said to be, whether it is there and inside the folder, and how it is used."""

    location: str
    size_bytes: int | None
    """None when the file is missing or may not be opened."""
    contained: bool
    link: LinkKind = "none"
    tensor_count: int = 0
    used_bytes: int = 0
    """Bytes that weights refer to, as a union."""
    missing_bytes: int = 0
    """Bytes referred to past the end of the file."""
    overlaps: tuple[ByteRange, ...] = ()
    gaps: tuple[ByteRange, ...] = ()
    declared_sha1: str = ""
    sha256: str | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Computation:
    """An artifact that computes: its graph, functions, signatures and every weight, none of whose values were read."""

    artifact: Artifact
    signatures: tuple[Signature, ...]
    graph: Graph
    functions: tuple[Function, ...] = ()
    training: tuple[Graph, ...] = ()
    weights: tuple[Weight, ...] = ()
    """Every weight of every carrier in every graph, in file order."""
    opsets: Mapping[str, int] = field(default_factory=dict)
    ir_version: int | None = None
    producer: str = ""
    """Producer name and version as text."""
    domain: str = ""
    version: int | None = None
    doc: str = ""
    small_values: Mapping[tuple[str, str], tuple[int | float, ...]] = field(default_factory=dict)
    """Values of integer or float weights of at most 64 elements, by (graph path, tensor name): shapes, axes, scalars."""
    small_texts: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """SavedModel: values of string weights of at most 64 elements, cleaned and clipped, by (graph path, tensor name)."""
    external_files: tuple[ExternalFile, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What the reader itself noticed."""
    inferred: bool = False
    """Whether shape inference has filled in the values that the file leaves out."""
    surroundings: tuple[Graph, ...] = ()
    """SavedModel: what each MetaGraph holds outside functions and the main graph, such as initializers and savers."""
    saved_model: SavedModelFacts | None = None
    tflite: TFLiteFacts | None = None

    @property
    def definition_path(self) -> str:
        """Path of the file that raw and typed values lie in, and beside which external files do."""
        facts = self.saved_model
        return self.artifact.path if facts is None else f"{facts.folder}/{facts.definition}"

    @property
    def total_bytes(self) -> int:
        """Bytes of the artifact with those of its external files that are there."""
        return self.artifact.size_bytes + sum(file.size_bytes or 0 for file in self.external_files)

    def roots(self) -> tuple[Graph, ...]:
        """Return the graphs that no node holds: the main one, functions, training graphs and surroundings."""
        return (self.graph, *(function.body for function in self.functions), *self.training, *self.surroundings)

    def graphs(self) -> Iterator[Graph]:
        """Yield every graph: those of roots(), each before the subgraphs nested in it."""
        pending = list(reversed(self.roots()))
        while pending:
            graph = pending.pop()
            yield graph
            nested = [subgraph for node in graph.nodes if node.subgraphs for subgraph in node.subgraphs]
            pending.extend(reversed(nested))
