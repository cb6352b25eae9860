"""What to tell of every function: what reaches it, what it is the body of, whether only training runs it."""

from __future__ import annotations

from typing import Any, Final

from inspector.formats.saved_model.entries import KINDS, RawEntry, functions_reached
from inspector.formats.saved_model.meta_graph import RawGraph
from inspector.formats.saved_model.meta_reading import MetaReading
from inspector.formats.saved_model.structured import is_traced_for_training
from inspector.records.saved_model import EntryKind, FunctionFacts

MOST_WALKED: Final = 2_000_000
"""Functions met while following entry points; entry points beyond are not followed."""
_UPDATES: Final = ("Assign", "ResourceApply", "ResourceSparseApply", "ResourceScatter", "Apply", "SparseApply", "Scatter")
_GRADIENTS: Final = ("__backward_", "__forward_")


def reach_of(meta: MetaReading, entries: list[RawEntry]) -> dict[str, list[EntryKind]]:
    """Return the kinds of entry points that reach each function, strongest first."""
    found: dict[str, set[EntryKind]] = {}
    walked = 0
    for entry in entries:
        if walked > MOST_WALKED:
            break
        names = functions_reached(meta, entry)
        walked += len(names) + 1
        for name in names:
            found.setdefault(name, set()).add(entry.kind)
    return {name: [kind for kind in KINDS if kind in kinds] for name, kinds in found.items()}


def function_facts(meta: MetaReading, objects: Any, reach: dict[str, list[EntryKind]]) -> tuple[FunctionFacts, ...]:
    """Return the record of every function, in the order of the library."""
    cyclic = meta.calls.cyclic()
    trained = _traced_for_training(meta, objects)
    paths = meta.places.functions
    facts = []
    for name, graph in meta.raw.functions.items():
        kinds = reach.get(name, [])
        serves = bool({"load", "signature", "saver"} & set(kinds))
        facts.append(
            FunctionFacts(
                name,
                paths[name],
                len(graph.nodes),
                tuple(paths[one] for one in meta.calls.calls[name]),
                tuple(paths[one] for one in meta.calls.callers[name]),
                tuple(kinds),
                tuple(meta.objects.methods.get(name, ())),
                not serves and (name in trained or name.startswith(_GRADIENTS) or _updates(graph)),
                name in cyclic,
                meta.raw.gradients.get(name, ""),
            )
        )
    return tuple(facts)


def _traced_for_training(meta: MetaReading, objects: Any) -> set[str]:
    if objects is None:
        return set()
    return {
        meta.cleaner.names[entry.key]
        for entry in objects.concrete_functions
        if is_traced_for_training(entry.value.canonicalized_input_signature)
    }


def _updates(graph: RawGraph) -> bool:
    return any(node.operator.startswith(_UPDATES) for node in graph.nodes)
