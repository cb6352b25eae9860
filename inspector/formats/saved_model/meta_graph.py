"""The skim: SavedModel, MetaGraphDef, GraphDef and FunctionDef walked field by field, tensors left where they lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.message import DecodeError

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.wire import Source, Span, fields, signed, varint_at
from inspector.formats.saved_model import schema
from inspector.formats.saved_model.attributes import OUTPUT_SHAPES
from inspector.formats.saved_model.nodes import NodeReader, RawNode
from inspector.formats.saved_model.operators import Argument, Operator, read_operator
from inspector.records.tensor import Shape

MOST_META_GRAPHS: Final = 100
MOST_FUNCTIONS: Final = 200_000
LARGEST_PART: Final = 256 * 1024**2
"""Bytes of one message that is parsed whole: the object graph, the list of operators, a signature."""
LARGEST_PARTS: Final = 512 * 1024**2
"""Bytes of all such messages together."""

_ASSETS_COLLECTION: Final = b"saved_model_assets"


@dataclass(slots=True)
class RawGraph:
    """A GraphDef or FunctionDef as it stands in the file; arguments and results are those of a function."""

    name: str = ""
    nodes: list[RawNode] = field(default_factory=list)
    arguments: tuple[Argument, ...] = ()
    argument_shapes: dict[int, Shape | None] = field(default_factory=dict)
    results: tuple[Argument, ...] = ()
    returned: dict[str, str] = field(default_factory=dict)
    """Tensor that each result is, as the file names it."""
    control_outputs: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    is_function: bool = False
    is_stateful: bool = False

    @property
    def operator(self) -> Operator:
        """A function as nodes call it by name."""
        return Operator(self.name, self.arguments, self.results, self.is_stateful)


@dataclass(slots=True)
class RawMetaGraph:
    """One MetaGraphDef as it stands in the file."""

    tags: tuple[str, ...] = ()
    tensorflow_version: str = ""
    tensorflow_git_version: str = ""
    stripped_default_attrs: bool = False
    producer: int = 0
    min_consumer: int = 0
    operators: dict[str, Operator] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    graph: RawGraph = field(default_factory=RawGraph)
    functions: dict[str, RawGraph] = field(default_factory=dict)
    gradients: dict[str, str] = field(default_factory=dict)
    saver: dict[str, str] = field(default_factory=dict)
    collections: dict[str, Any] = field(default_factory=dict)
    signatures: dict[str, tuple[Any, Span]] = field(default_factory=dict)
    """Parsed signatures with where they lie."""
    assets: list[tuple[str, str]] = field(default_factory=list)
    """File name, as it is, and name of the tensor it is fed to."""
    objects: Any = None
    """The parsed object graph, None without one."""


class DefinitionReader:
    """Reads one saved_model.pb."""

    def __init__(self, source: Source, cleaner: TextCleaner) -> None:
        self.source = source
        self.cleaner = cleaner
        self.nodes = NodeReader(source, cleaner)
        self.schema_version = 0
        self.unknown: dict[tuple[str, int], int] = {}
        """Bytes of fields that are not known, by message and field number."""
        self.repeated_functions: list[str] = []
        self._functions = 0
        self._parsed = 0

    def read(self) -> list[RawMetaGraph]:
        """Return every MetaGraph of the file. Raises UnreadableArtifact if it is none or malformed."""
        found: list[RawMetaGraph] = []
        for tag, at, start, end in fields(self.source, 0, self.source.size):
            if tag == 0x08:
                self.schema_version = signed(varint_at(self.source, start, end))
            elif tag == 0x12:
                if len(found) >= MOST_META_GRAPHS:
                    raise self.source.malformed(at, f"more than {MOST_META_GRAPHS:,} MetaGraphs")
                found.append(self._meta_graph(Span(start, end)))
            else:
                self._note_unknown("SavedModel", tag, at, end)
        if not found:
            hint = "a SavedModel is a folder with a saved_model.pb that holds at least one MetaGraph"
            raise UnreadableArtifact(f"{self.source.label}: is not a SavedModel: it has no MetaGraph", hint)
        return found

    def parsed(self, message_class: Any, start: int, end: int, what: str) -> Any:
        """Return the message between start and end, parsed whole. Raises UnreadableArtifact."""
        length = end - start
        self._parsed += length
        if length > LARGEST_PART or self._parsed > LARGEST_PARTS:
            raise self.source.malformed(start, f"{what} is too large ({length:,} bytes)")
        try:
            return message_class.FromString(self.source.read(start, length))
        except DecodeError:
            raise self.source.malformed(start, f"{what} is malformed or nested too deep") from None

    def _meta_graph(self, span: Span) -> RawMetaGraph:
        meta = RawMetaGraph()
        in_collection: list[Any] = []
        for tag, at, start, end in fields(self.source, *span):
            if tag == 0x0A:
                self._take_info(meta, self.parsed(schema.MetaInfoMessage, start, end, "what describes a MetaGraph"))
            elif tag == 0x12:
                self._take_graph(meta, Span(start, end))
            elif tag == 0x1A:
                self._take_saver(meta, self.parsed(schema.SaverMessage, start, end, "a saver"))
            elif tag == 0x22:
                entry = self.parsed(schema.CollectionMessage, start, end, "a collection")
                meta.collections[self.cleaner.names[entry.key]] = entry.value
                if entry.key == _ASSETS_COLLECTION:
                    in_collection.extend(entry.value.any_list.value)
            elif tag == 0x2A:
                self._take_signature(meta, start, end)
            elif tag == 0x32:
                self._take_asset(meta, self.parsed(schema.AssetFileMessage, start, end, "an asset"))
            elif tag == 0x3A:
                meta.objects = self.parsed(schema.ObjectGraphMessage, start, end, "the object graph")
            else:
                self._note_unknown("MetaGraphDef", tag, at, end)
        if not meta.assets:
            self._take_collected_assets(meta, in_collection)
        return meta

    def _take_asset(self, meta: RawMetaGraph, asset: Any) -> None:
        filename = asset.filename.decode("utf-8", "surrogateescape")
        meta.assets.append((filename, self.cleaner.names[asset.tensor_info.name]))

    def _take_collected_assets(self, meta: RawMetaGraph, packed: list[Any]) -> None:
        """Take the assets of a TF1 artifact, which lists them in a collection instead."""
        for one in packed:
            try:
                self._take_asset(meta, schema.AssetFileMessage.FromString(one.value))
            except DecodeError:
                continue

    def _take_info(self, meta: RawMetaGraph, info: Any) -> None:
        clean = self.cleaner.clean
        meta.tags = tuple([clean(one) for one in info.tags])
        meta.tensorflow_version = clean(info.tensorflow_version)
        meta.tensorflow_git_version = clean(info.tensorflow_git_version)
        meta.stripped_default_attrs = info.stripped_default_attrs
        meta.aliases = {clean(one.key): clean(one.value) for one in info.function_aliases}
        for one in info.stripped_op_list.op:
            operator = read_operator(one, self.cleaner)
            meta.operators[operator.name] = operator

    def _take_saver(self, meta: RawMetaGraph, saver: Any) -> None:
        found = {"filename": saver.filename_tensor_name, "save": saver.save_tensor_name, "restore": saver.restore_op_name}
        meta.saver = {key: self.cleaner.clean(value) for key, value in found.items() if value}

    def _take_signature(self, meta: RawMetaGraph, start: int, end: int) -> None:
        name, span = "", Span(end, end)
        for tag, _, first, last in fields(self.source, start, end):
            if tag == 0x0A:
                name = self.cleaner.clean(self.source.read(first, min(last - first, LARGEST_PART)))
            elif tag == 0x12:
                span = Span(first, last)
        meta.signatures[name] = (self.parsed(schema.SignatureMessage, *span, "a signature"), span)

    def _take_graph(self, meta: RawMetaGraph, span: Span) -> None:
        nodes = meta.graph.nodes
        for tag, at, start, end in fields(self.source, *span):
            if tag == 0x0A:
                nodes.append(self.nodes.read(start, end, len(nodes)))
            elif tag == 0x12:
                self._take_library(meta, Span(start, end))
            elif tag == 0x22:
                versions = self.parsed(schema.VersionsMessage, start, end, "the version of a graph")
                meta.producer, meta.min_consumer = versions.producer, versions.min_consumer
            elif tag >> 3 not in (3, 5):
                self._note_unknown("GraphDef", tag, at, end)

    def _take_library(self, meta: RawMetaGraph, span: Span) -> None:
        for tag, at, start, end in fields(self.source, *span):
            if tag == 0x0A:
                self._functions += 1
                if self._functions > MOST_FUNCTIONS:
                    raise self.source.malformed(at, f"more than {MOST_FUNCTIONS:,} functions")
                function = self._function(Span(start, end))
                if function.name in meta.functions:
                    self.repeated_functions.append(function.name)
                else:
                    meta.functions[function.name] = function
            elif tag == 0x12:
                gradient = self.parsed(schema.GradientMessage, start, end, "a gradient")
                meta.gradients[self.cleaner.names[gradient.gradient_func]] = self.cleaner.names[gradient.function_name]
            elif tag >> 3 != 3:
                self._note_unknown("FunctionDefLibrary", tag, at, end)

    def _function(self, span: Span) -> RawGraph:
        graph = RawGraph(is_function=True)
        names = self.cleaner.names
        control, attributes = [], []
        for tag, _, start, end in fields(self.source, *span):
            if tag == 0x1A:
                graph.nodes.append(self.nodes.read(start, end, len(graph.nodes)))
            elif tag == 0x0A:
                operator = read_operator(self.parsed(schema.OperatorMessage, start, end, "a function"), self.cleaner)
                graph.name, graph.arguments, graph.results = operator.name, operator.inputs, operator.outputs
                graph.is_stateful = operator.is_stateful
            elif tag == 0x22:
                entry = self.parsed(schema.TextMessage, start, end, "a function's result")
                graph.returned[names[entry.key]] = names[entry.value]
            elif tag == 0x32:
                control.append(names[self.parsed(schema.TextMessage, start, end, "a function's control output").value])
            elif tag == 0x2A:
                key = self.parsed(schema.TextMessage, start, end, "a function's attribute").key
                attributes.append(names[key])
            elif tag == 0x3A:
                self._take_argument(graph, start, end)
        graph.control_outputs, graph.attributes = tuple(control), tuple(attributes)
        return graph

    def _take_argument(self, graph: RawGraph, start: int, end: int) -> None:
        entry = self.parsed(schema.ArgumentAttributesMessage, start, end, "a function's argument")
        for one in entry.value.attr:
            read = self.nodes.attributes[one.SerializeToString()]
            if read.attribute.name == OUTPUT_SHAPES and read.shapes:
                graph.argument_shapes[entry.key] = read.shapes[0]

    def _note_unknown(self, message: str, tag: int, start: int, end: int) -> None:
        key = (message, tag >> 3)
        self.unknown[key] = self.unknown.get(key, 0) + end - start
