"""What serving does not need of a SavedModel, told from its facts alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from inspector.analysis.findings.wording import size
from inspector.analysis.reachability import Reachability, find_ways
from inspector.records.artifact import Computation
from inspector.records.saved_model import EntryKind, EntryPoint, FunctionFacts, MetaGraphFacts, SavedModelFacts, VariableFacts

_SERVED: tuple[EntryKind, ...] = ("load", "signature")
_NEEDED: tuple[EntryKind, ...] = (*_SERVED, "saver", "object")
_TABLES_OWN = ("._create_resource", "._initialize", "._destroy_resource")


@dataclass(frozen=True, slots=True)
class Survey:
    """What would go; has_slots: whether slot variables keep it from being loaded."""

    optimizer: tuple[VariableFacts, ...]
    training: tuple[VariableFacts, ...]
    unread: tuple[VariableFacts, ...]
    """Neither an optimizer's nor training's, and no signature that is kept reads them."""
    functions: tuple[FunctionFacts, ...]
    nodes: int
    """Of the GraphDef of a TF1-style graph."""
    tag_sets: tuple[str, ...]
    signatures: tuple[str, ...]
    entries: int
    has_slots: bool

    @property
    def variables(self) -> tuple[VariableFacts, ...]:
        """All variables that would go."""
        return (*self.optimizer, *self.training, *self.unread)

    def sentences(self) -> Iterator[str]:
        """Yield what would go, for a person."""
        for kind, held in (
            ("of an optimizer", self.optimizer),
            ("that only training uses", self.training),
            ("that no signature reads", self.unread),
        ):
            if held:
                yield f"{_count(len(held), 'variable')} {kind}, {size(sum(one.byte_count for one in held))}, would go"
        if self.variables:
            kept = self.entries - len(self.variables)
            yield f"{kept:,} of {_count(self.entries, 'checkpoint entry', 'checkpoint entries')} would stay"
        if self.functions:
            nodes = sum(one.node_count for one in self.functions)
            them = f"{_count(len(self.functions), 'function')} ({_count(nodes, 'node')})"
            yield f"{them} that nothing in serving reaches would go"
        if self.nodes:
            yield f"{_count(self.nodes, 'node')} of its graph that neither loading nor a signature takes would go"
        if self.tag_sets:
            yield f"tag sets that are not served would go: {'; '.join(self.tag_sets)}"
        if self.signatures:
            yield f"signatures that are not kept would go: {', '.join(self.signatures)}"
        if self.has_slots:
            yield "current TensorFlow refuses its optimizer's slot variables (add_slot); without them it loads"


def survey(computation: Computation, kept: Sequence[str]) -> Survey:
    """Return what would go of a SavedModel if the signatures named are kept."""
    facts = computation.saved_model
    assert facts is not None
    main = facts.main
    reach = find_ways(_served_only(computation, facts, kept))
    stored = [one for one in facts.variables if one.stored]
    taken = {
        (one.graph, reach.graphs[one.graph].nodes[one.index].name)
        for one, way in reach.node_ways.items()
        if way.kind in _SERVED
    }
    idle = [one for one in stored if not _is_read(one, reach, taken)]
    return Survey(
        tuple(one for one in idle if one.role == "optimizer"),
        tuple(one for one in idle if one.role == "training"),
        tuple(one for one in idle if one.role in ("parameter", "state") and one.declared),
        tuple(one for each in facts.tag_sets for one in each.functions if each is main and not reach.runs(one.path, _NEEDED)),
        _idle_nodes(main, reach) if main.style == "tf1" else 0,
        tuple(one.title for one in facts.tag_sets if one is not main),
        tuple(one.name for one in main.signatures if one.name not in kept),
        facts.checkpoint.entry_count if facts.checkpoint else 0,
        any(one.slot_of for one in facts.variables) and main.style == "tf2",
    )


def _served_only(computation: Computation, facts: SavedModelFacts, kept: Sequence[str]) -> Computation:
    """Return the computation with no entries but those of what is kept, of the tag set that is served."""
    main = facts.main
    entries = tuple(one for one in main.entries if _stays(one, kept))
    return replace(computation, saved_model=replace(facts, tag_sets=(replace(main, entries=entries),)))


def _stays(entry: EntryPoint, kept: Sequence[str]) -> bool:
    """Tell whether an entry is there when only the signatures named are: loading and saving, and how tables come and go.

    An object without a path is a function by which a table is saved.
    """
    if entry.kind == "object":
        return entry.name.startswith("object ") or any(own in entry.name for own in _TABLES_OWN)
    return entry.kind != "signature" or entry.name in kept


def _is_read(variable: VariableFacts, reach: Reachability, taken: Collection[tuple[str, str]]) -> bool:
    """Tell whether a function that runs holds a variable, or a node of the GraphDef that makes it is taken."""
    return any(reach.runs(one.graph, _SERVED) or (one.graph, one.tensor.partition(":")[0]) in taken for one in variable.handles)


def _idle_nodes(main: MetaGraphFacts, reach: Reachability) -> int:
    """Return how many nodes of the GraphDef nothing takes and no signature feeds."""
    fed = {one.tensor.partition(":")[0] for signature in main.signatures for one in signature.inputs}
    nodes = [(path, node) for path in main.graphs if path in reach.graphs for node in reach.graphs[path].nodes]
    return sum(node.name not in fed and reach.way_to(path, node.index) is None for path, node in nodes)


def _count(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"
