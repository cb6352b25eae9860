"""Everything that was read of one SavedModel put together into one Computation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from google.protobuf.message import DecodeError

from inspector.errors import InspectorError
from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.containment import Locator
from inspector.formats.onnx.notes import Notes
from inspector.formats.onnx.odd_text import note_odd_text
from inspector.formats.onnx.wire import Source
from inspector.formats.saved_model import schema
from inspector.formats.saved_model.assets import read_assets, read_extra_assets
from inspector.formats.saved_model.captures import follow
from inspector.formats.saved_model.checkpoint import (
    checkpoint_facts,
    inspect_shards,
    opened,
    read_checkpoint,
    read_object_graph,
)
from inspector.formats.saved_model.constants import ConstantReader
from inspector.formats.saved_model.entries import RawEntry, entry_point, functions_reached, raw_entries
from inspector.formats.saved_model.folder import Location
from inspector.formats.saved_model.function_facts import function_facts, reach_of
from inspector.formats.saved_model.graph_set import GraphSet, make_graphs
from inspector.formats.saved_model.graph_variables import captured_constants, name_graph_variables
from inspector.formats.saved_model.graphs import Gathered
from inspector.formats.saved_model.keras_layers import keras_layers, read_metadata
from inspector.formats.saved_model.main_choice import main_of, titles_of
from inspector.formats.saved_model.meta_graph import DefinitionReader, RawMetaGraph
from inspector.formats.saved_model.meta_reading import MetaReading
from inspector.formats.saved_model.object_graph import Objects, match_checkpoint, read_objects
from inspector.formats.saved_model.reader_notes import note_checkpoint, note_constants, note_library, note_variables
from inspector.formats.saved_model.signature_facts import signature_facts
from inspector.formats.saved_model.signatures import shared_signature
from inspector.formats.saved_model.tables import find_tables
from inspector.formats.saved_model.variables import (
    Variable,
    facts_of,
    from_objects,
    link_slots,
    make_unique,
    undeclared,
    weight_of,
)
from inspector.formats.saved_model.warmup import read_warm_up
from inspector.records.artifact import Artifact, Computation
from inspector.records.graph import Graph
from inspector.records.saved_model import (
    Fingerprint,
    KerasLayer,
    MetaGraphFacts,
    SavedModelFacts,
    ServedVersion,
    SignatureFacts,
)

_FINGERPRINT: Final = "fingerprint.pb"
_LARGEST_FINGERPRINT: Final = 64 * 1024
_NOTHING: Final = Graph("", "", (), (), ())


class Assembly:
    """One SavedModel while it is put together."""

    def __init__(
        self, source: Source, cleaner: TextCleaner, locator: Locator, folder: Path, raw: Sequence[RawMetaGraph]
    ) -> None:
        self._source = source
        self._cleaner = cleaner
        self._locator = locator
        self._folder = folder
        self._constants = ConstantReader(source, cleaner)
        self._notes = Notes()
        self._gathered = Gathered(source.label)
        self._checkpoint = read_checkpoint(locator)
        main = main_of(raw)
        self._metas = [
            MetaReading(one, title, self._objects(one), cleaner, one is main)
            for one, title in zip(raw, titles_of(raw), strict=True)
        ]
        self._main = next(meta for meta in self._metas if meta.is_main)
        self._trackable = self._read_trackable()
        self._variables: list[Variable] = []
        self._by_number: dict[int, dict[int, Variable]] = {}
        self._held: dict[int, dict[int, Variable]] = {}
        """Variables and captured constants, by number."""
        self._metadata: dict[int, dict[int, tuple[str, bytes]]] = {}

    def _objects(self, raw: RawMetaGraph) -> Objects:
        return read_objects(raw.objects, self._cleaner) if raw.objects is not None else Objects()

    def _read_trackable(self) -> Any:
        """Return the object graph that the checkpoint holds, None without one that can be read."""
        try:
            stored = read_object_graph(self._checkpoint, self._locator)
            return schema.TrackableGraphMessage.FromString(stored) if stored else None
        except (InspectorError, ValueError, DecodeError) as error:
            message = error.message if isinstance(error, InspectorError) else str(error)
            self._notes.add(
                "object-graph-unreadable",
                "medium",
                f"which variable is which cannot be told: {message or 'the object graph in the checkpoint is malformed'}",
                "file variables/variables.index",
                "save the model again",
            )
            return None

    def note_definition(self, definition: DefinitionReader) -> None:
        """Take note of what was odd about the definition itself."""
        note_library(self._notes, definition)
        note_odd_text(self._cleaner, self._notes, definition.nodes.attributes.clipped_lists)

    def note_change(self, name: str) -> None:
        """Take note that the definition changed while it was read."""
        message = "the file changed while it was read: what is shown may mix old and new"
        self._notes.add("changed-while-open", "high", message, f"file {name}")

    def build(
        self, artifact: Artifact, location: Location, schema_version: int, versions: tuple[ServedVersion, ...]
    ) -> Computation:
        """Return the record of all that was read."""
        self._join_variables()
        entries = {meta.title: raw_entries(meta) for meta in self._metas}
        signatures = {meta.title: signature_facts(meta, self._source, self._constants, self._cleaner) for meta in self._metas}
        sets = {meta.title: self._graphs(meta, signatures[meta.title]) for meta in self._metas}
        for meta in self._metas:
            self._mark_served(meta, entries[meta.title])
        facts = tuple(
            self._meta_facts(meta, entries[meta.title], signatures[meta.title], sets[meta.title]) for meta in self._metas
        )
        shards = inspect_shards(self._checkpoint, self._locator)
        variables = tuple(facts_of(one, self._cleaner) for one in self._variables)
        note_constants(self._notes, self._gathered.unfit)
        note_checkpoint(self._notes, self._checkpoint, shards)
        note_variables(self._notes, self._checkpoint, self._variables, self._cleaner)
        keras = (layer.keras_version for one in facts for layer in one.layers if layer.keras_version)
        saved_model = SavedModelFacts(
            folder=str(location.folder),
            definition=location.definition,
            schema_version=schema_version,
            tag_sets=facts,
            checkpoint=checkpoint_facts(self._checkpoint, shards),
            variables=variables,
            fingerprint=self._fingerprint(),
            extra_assets=read_extra_assets(self._folder, self._cleaner),
            warm_up=read_warm_up(self._locator, self._folder, self._cleaner),
            keras_version=next(keras, ""),
            versions=versions,
            missing_calls=tuple(self._gathered.missing_calls),
        )
        main = sets[self._main.title]
        stored = [weight for one in self._variables if (weight := weight_of(one, self._checkpoint)) is not None]
        shown = signatures[self._main.title]
        default = self._main.default_signature
        ordered = sorted(shown, key=lambda one: (one.name != default, one.name))
        return Computation(
            artifact=artifact,
            signatures=tuple(shared_signature(one.name, one.inputs, one.outputs) for one in ordered),
            graph=main.main or _NOTHING,
            functions=tuple(function for one in sets.values() for function in one.functions),
            weights=(*stored, *self._gathered.weights),
            producer=f"TensorFlow {self._main.raw.tensorflow_version}".rstrip(),
            small_values=self._gathered.small_values,
            small_texts=self._gathered.small_texts,
            external_files=tuple(use.file for use in shards),
            findings=self._notes.findings(),
            surroundings=tuple(one.surroundings for one in sets.values() if one.surroundings is not None),
            saved_model=saved_model,
        )

    def _join_variables(self) -> None:
        """Put together what objects, graphs and checkpoint say of the variables of all tag sets."""
        described: dict[bytes, tuple[str, str, str]] = {}
        by_key: dict[bytes, Variable] = {}
        for meta in self._metas:
            if meta.raw.objects is not None:
                if self._trackable is not None:
                    described.update(match_checkpoint(meta.raw.objects, self._trackable, meta.objects, self._cleaner))
                numbered = from_objects(meta.objects)
            else:
                numbered = name_graph_variables(meta, self._checkpoint)
            for number, one in numbered.items():
                known = by_key.setdefault(one.key, one) if one.key else one
                numbered[number] = known
            self._by_number[id(meta)] = numbered
            self._variables = list(dict.fromkeys([*self._variables, *numbered.values()]))
        self._variables.extend(undeclared(self._checkpoint, by_key, described, self._cleaner))
        for one in self._variables:
            one.entry = self._checkpoint.entries.get(one.key)
        make_unique(self._variables, self._cleaner)
        for meta in self._metas:
            link_slots(meta.objects, self._by_number[id(meta)])
            self._follow(meta)

    def _follow(self, meta: MetaReading) -> None:
        functions = meta.raw.functions
        variables = self._held[id(meta)] = {**self._by_number[id(meta)], **captured_constants(meta)}
        handles = {node: number for number, one in variables.items() for node in one.nodes}
        bound = [
            (name, len(functions[name].arguments) - from_end, number)
            for name, from_end, number in meta.objects.bound
            if name in functions and number in variables
        ]
        meta.captures = follow(meta.raw.graph, functions, bound, handles)

    def _graphs(self, meta: MetaReading, signatures: tuple[SignatureFacts, ...]) -> GraphSet:
        shown = next((one for one in signatures if one.name == meta.default_signature), None)
        held = self._held[id(meta)]
        made = make_graphs(meta, held, self._gathered, shown.inputs if shown is not None else ())
        if meta.is_main:
            constants = [held[number] for number in meta.objects.constants if number in held]
            self._gathered.move(meta.places.surroundings, constants)
        return made

    def _mark_served(self, meta: MetaReading, entries: Sequence[RawEntry]) -> None:
        """Take note of which variables a signature reads."""
        paths = {meta.places.functions[name] for e in entries if e.kind == "signature" for name in functions_reached(meta, e)}
        if meta.raw.objects is None:
            paths |= {"", meta.places.surroundings}
        for one in self._by_number[id(meta)].values():
            one.is_served |= any(handle.graph in paths for handle in one.handles)

    def _meta_facts(
        self, meta: MetaReading, entries: list[RawEntry], signatures: tuple[SignatureFacts, ...], graphs: GraphSet
    ) -> MetaGraphFacts:
        raw, objects = meta.raw, meta.raw.objects
        layers: tuple[KerasLayer, ...] = ()
        if objects is not None:
            metadata = read_metadata(self._locator, objects, self._cleaner)
            layers = keras_layers(metadata, objects, meta.objects, self._by_number[id(meta)], self._cleaner)
        in_main = bool(meta.is_main and graphs.main is not None and not meta.places.main_function)
        around = (meta.places.surroundings,) if graphs.surroundings is not None else ()
        return MetaGraphFacts(
            tags=raw.tags,
            tensorflow_version=raw.tensorflow_version,
            tensorflow_git_version=raw.tensorflow_git_version,
            stripped_default_attrs=raw.stripped_default_attrs,
            producer=raw.producer,
            min_consumer=raw.min_consumer,
            is_main=meta.is_main,
            graphs=(("", *around) if in_main else around),
            node_count=len(raw.graph.nodes),
            style="tf2" if objects is not None else "tf1",
            signatures=signatures,
            entries=tuple(entry_point(meta, one, graphs.refs) for one in entries),
            functions=function_facts(meta, objects, reach_of(meta, entries)),
            operators=tuple(one.definition() for one in raw.operators.values()),
            aliases=raw.aliases,
            collections={name: _item_count(items) for name, items in raw.collections.items()},
            assets=read_assets(self._locator, self._folder, raw.assets, self._cleaner),
            tables=find_tables(meta, objects, graphs.refs),
            layers=layers,
            objects=meta.objects.objects,
            object_count=len(objects.nodes) if objects is not None else 0,
            saver=raw.saver,
        )

    def _fingerprint(self) -> Fingerprint | None:
        if self._locator.locate(_FINGERPRINT).problem:
            return None
        try:
            with opened(self._locator, _FINGERPRINT) as source:
                message = schema.FingerprintMessage.FromString(source.read(0, min(source.size, _LARGEST_FINGERPRINT)))
        except (InspectorError, DecodeError):
            self._notes.add("fingerprint-unreadable", "low", "fingerprint.pb cannot be read", f"file {_FINGERPRINT}")
            return None
        return Fingerprint(
            message.saved_model_checksum,
            message.graph_def_program_hash,
            message.signature_def_hash,
            message.saved_object_graph_hash,
            message.checkpoint_hash,
            self._cleaner.clean(message.uuid),
            message.version.producer,
        )


def _item_count(items: Any) -> int:
    return sum(len(getattr(items, name).value) for name in ("node_list", "bytes_list", "int64_list", "float_list", "any_list"))
