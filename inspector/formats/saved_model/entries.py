"""Where execution begins: what loading runs, what signatures run, what only the saver or Python code runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from inspector.formats.saved_model.entry_graph import reached
from inspector.formats.saved_model.meta_reading import MetaReading
from inspector.formats.saved_model.reach import called_by
from inspector.formats.saved_model.signatures import INIT_OP, TRAIN_OP
from inspector.records.graph import NodeRef
from inspector.records.saved_model import EntryKind, EntryPoint

MOST_METHODS: Final = 10_000
_LOAD_COLLECTIONS: Final = {"saved_model_main_op": "main op", "legacy_init_op": "legacy init op"}
_LOAD_METHODS: Final = {"_create_resource": "create", "_initialize": "initialize"}
KINDS: Final[tuple[EntryKind, ...]] = ("load", "signature", "saver", "object")


class RawEntry:
    """One entry point: the nodes of the GraphDef and the functions it begins at, by name."""

    __slots__ = ("functions", "kind", "name", "nodes")

    def __init__(self, kind: EntryKind, name: str, nodes: Iterable[str] = (), functions: Iterable[str] = ()) -> None:
        self.kind: EntryKind = kind
        self.name = name
        self.nodes = tuple(dict.fromkeys(nodes))
        self.functions = tuple(dict.fromkeys(functions))


def raw_entries(meta: MetaReading) -> list[RawEntry]:
    """Return every entry point of a MetaGraph, loading first."""
    found = [*_load(meta), *_signatures(meta), *_saver(meta), *_methods(meta)]
    return [entry for entry in found if entry.nodes or entry.functions]


def _load(meta: MetaReading) -> Iterator[RawEntry]:
    if INIT_OP in meta.raw.signatures:
        yield RawEntry("load", "init op", _nodes(meta, meta.wanted(INIT_OP)))
    for collection, name in _LOAD_COLLECTIONS.items():
        items = meta.raw.collections.get(collection)
        if items is not None:
            yield RawEntry("load", name, _nodes(meta, _texts(meta, items)))
    for name, paths in meta.objects.methods.items():
        for path in paths:
            owner, _, method = path.rpartition(".")
            if method in _LOAD_METHODS and name in meta.raw.functions:
                yield RawEntry("load", f"{owner}: {_LOAD_METHODS[method]}", (), [name])


def _signatures(meta: MetaReading) -> Iterator[RawEntry]:
    for name, target in meta.targets.items():
        outer = [one for one in (target.wrapper, target.function) if one]
        yield RawEntry("signature", name, target.fetched, outer)


def _saver(meta: MetaReading) -> Iterator[RawEntry]:
    for what in ("save", "restore"):
        reference = meta.raw.saver.get(what)
        if reference:
            yield RawEntry("saver", what, _nodes(meta, [reference]))


def _methods(meta: MetaReading) -> Iterator[RawEntry]:
    if TRAIN_OP in meta.raw.signatures:
        yield RawEntry("object", "train op", _nodes(meta, meta.wanted(TRAIN_OP)))
    by_path: dict[str, list[str]] = {}
    for name, paths in meta.objects.methods.items():
        for path in paths:
            owner, _, method = path.rpartition(".")
            if method not in _LOAD_METHODS and not owner.endswith(".signatures") and name in meta.raw.functions:
                by_path.setdefault(path, []).append(name)
    for path, names in list(by_path.items())[:MOST_METHODS]:
        yield RawEntry("object", path, (), names)


def _nodes(meta: MetaReading, references: Iterable[str]) -> list[str]:
    return [node for one in references if (node := meta.tensors.locate(one.removeprefix("^"))[0])]


def _texts(meta: MetaReading, items: Any) -> list[str]:
    return [meta.cleaner.names[value] for value in items.node_list.value]


def functions_reached(meta: MetaReading, entry: RawEntry) -> dict[str, None]:
    """Return every function that running the entry point runs."""
    nodes = reached(meta.tensors, entry.nodes)
    called = called_by((meta.tensors.nodes[name] for name in nodes), meta.raw.functions)
    return meta.calls.closure([*entry.functions, *called])


def entry_point(meta: MetaReading, entry: RawEntry, refs: dict[str, NodeRef]) -> EntryPoint:
    """Return the record of an entry point; refs are the places of the GraphDef's nodes by name."""
    paths = tuple(meta.places.functions[name] for name in entry.functions)
    return EntryPoint(entry.kind, entry.name, tuple(refs[name] for name in entry.nodes if name in refs), paths)
