"""Lookup tables: where they are made, and what fills them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from inspector.formats.saved_model.constants import Constant
from inspector.formats.saved_model.meta_reading import MetaReading
from inspector.formats.saved_model.nodes import RawNode
from inspector.formats.saved_model.references import Tensors
from inspector.records.graph import NodeRef
from inspector.records.saved_model import TableFacts

MOST_TABLES: Final = 10_000
MOST_CALLED: Final = 100
"""Functions that are searched for what makes or fills one table."""
MAKERS: Final = frozenset(
    f"{kind}{version}"
    for kind in ("HashTable", "MutableHashTable", "MutableHashTableOfTensors", "MutableDenseHashTable")
    for version in ("", "V2")
) | {"AnonymousHashTable", "AnonymousMutableHashTable", "AnonymousMutableHashTableOfTensors", "AnonymousMutableDenseHashTable"}
FROM_FILE: Final = frozenset({"InitializeTableFromTextFile", "InitializeTableFromTextFileV2"})
FROM_VALUES: Final = frozenset({"InitializeTable", "InitializeTableV2", "LookupTableImport", "LookupTableImportV2"})
_CREATE: Final = "_create_resource"
_INITIALIZE: Final = "_initialize"


@dataclass(frozen=True, slots=True)
class _Found:
    """A node in a function, or in the GraphDef where function is ""."""

    function: str
    node: RawNode
    ref: NodeRef


def find_tables(meta: MetaReading, objects: Any, refs: Mapping[str, NodeRef]) -> tuple[TableFacts, ...]:
    """Return the tables of a MetaGraph: those its objects create, and those its GraphDef makes by itself."""
    found = [*_of_objects(meta, objects), *_of_graph(meta, refs)]
    return tuple(found[:MOST_TABLES])


def _of_objects(meta: MetaReading, objects: Any) -> Iterator[TableFacts]:
    """Yield the tables that a resource's methods create and fill."""
    owners: dict[str, dict[str, str]] = {}
    for name, paths in meta.objects.methods.items():
        for path in paths:
            owner, _, method = path.rpartition(".")
            if method in (_CREATE, _INITIALIZE) and name in meta.raw.functions:
                owners.setdefault(owner, {})[method] = name
    for owner, methods in list(owners.items())[:MOST_TABLES]:
        made = _first(meta, methods.get(_CREATE, ""), MAKERS)
        if made is not None:
            filled = _first(meta, methods.get(_INITIALIZE, ""), FROM_FILE | FROM_VALUES)
            yield _facts(meta, objects, owner, made, filled)


def _first(meta: MetaReading, function: str, operators: frozenset[str]) -> _Found | None:
    """Return the first node of those operators in the function or in what it calls."""
    for name in meta.calls.closure([function], MOST_CALLED):
        for node in meta.raw.functions[name].nodes:
            if node.operator in operators:
                return _Found(name, node, NodeRef(meta.places.functions[name], node.index))
    return None


def _of_graph(meta: MetaReading, refs: Mapping[str, NodeRef]) -> Iterator[TableFacts]:
    """Yield the tables of a TF1-style graph, whose nodes make, fill and use them."""
    if meta.raw.objects is not None:
        return
    graph = meta.raw.graph
    fillers: dict[str, RawNode] = {}
    for node in graph.nodes:
        if node.operator in FROM_FILE | FROM_VALUES and node.inputs:
            fillers.setdefault(_maker_of(meta, node.inputs[0]), node)
    for node in graph.nodes:
        if node.operator in MAKERS:
            filler = fillers.get(node.name)
            filled = _Found("", filler, refs[filler.name]) if filler is not None else None
            yield _facts(meta, None, node.text("shared_name") or node.name, _Found("", node, refs[node.name]), filled)


def _maker_of(meta: MetaReading, reference: str) -> str:
    return meta.tensors.locate(reference)[0]


def _facts(meta: MetaReading, objects: Any, name: str, made: _Found, filled: _Found | None) -> TableFacts:
    node = made.node
    source, entries = _source(meta, objects, filled) if filled is not None else ("", None)
    return TableFacts(
        name,
        node.operator,
        node.text("key_dtype"),
        node.text("value_dtype"),
        made.ref,
        filled.ref if filled is not None else None,
        filled.node.operator if filled is not None else "",
        source,
        entries,
    )


def _source(meta: MetaReading, objects: Any, filled: _Found) -> tuple[str, int | None]:
    """Return what a table is filled from, and how many keys that is where it is known."""
    if len(filled.node.inputs) < 2:
        return "", None
    reference = filled.node.inputs[1]
    if filled.function:
        found = _constant_in(meta.function_tensors(filled.function), reference)
        asset = _captured(meta, objects, filled.function, reference)
    else:
        found = _constant_in(meta.tensors, reference)
        asset = _asset_fed(meta, reference)
    if filled.node.operator in FROM_FILE:
        text = next(iter(found.texts or ()), "") if found is not None else ""
        return asset or text, None
    if found is None and asset.startswith("operation "):
        found = _constant_in(meta.tensors, asset.removeprefix("operation "))
    return ("constant values", found.element_count) if found is not None else ("", None)


def _constant_in(tensors: Tensors, reference: str) -> Constant | None:
    node = tensors.nodes.get(tensors.locate(reference)[0])
    return node.constants[0][1] if node is not None and node.constants else None


def _asset_fed(meta: MetaReading, reference: str) -> str:
    wanted = meta.tensors.resolve(reference)
    for filename, tensor in meta.raw.assets:
        if meta.tensors.resolve(tensor) == wanted:
            return f"assets/{meta.cleaner.clean(filename)}"
    return ""


def _captured(meta: MetaReading, objects: Any, function: str, reference: str) -> str:
    """Return the asset, or the operation of the constant, that a function's argument is bound to."""
    arguments = [argument.name for argument in meta.raw.functions[function].arguments]
    if reference not in arguments or objects is None:
        return ""
    number = meta.bound.get((function, len(arguments) - arguments.index(reference)), -1)
    if not 0 <= number < len(objects.nodes):
        return ""
    node = objects.nodes[number]
    kind = node.WhichOneof("kind")
    if kind == "asset" and 0 <= node.asset.asset_file_def_index < len(meta.raw.assets):
        return f"assets/{meta.cleaner.clean(meta.raw.assets[node.asset.asset_file_def_index][0])}"
    return f"operation {meta.cleaner.names[node.constant.operation]}" if kind == "constant" else ""
