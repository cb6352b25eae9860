"""What serving does not need of a SavedModel, told from its facts alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from inspector.analysis.findings.wording import size
from inspector.analysis.reachability import Reachability, find_ways
from inspector.records.artifact import Computation
from inspector.records.graph import NodeRef
from inspector.records.saved_model import EntryKind, FunctionFacts, SavedModelFacts, VariableFacts

_SERVED: tuple[EntryKind, ...] = ("load", "signature")


@dataclass(frozen=True, slots=True)
class Survey:
    """What would go; has_slots: whether slot variables keep it from being loaded."""

    optimizer: tuple[VariableFacts, ...]
    training: tuple[VariableFacts, ...]
    unread: tuple[VariableFacts, ...]
    """Neither an optimizer's nor training's, and no signature that is kept reads them."""
    functions: tuple[FunctionFacts, ...]
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
    idle = [one for one in stored if not _is_read(one, reach)]
    return Survey(
        tuple(one for one in idle if one.role == "optimizer"),
        tuple(one for one in idle if one.role == "training"),
        tuple(one for one in idle if one.role in ("parameter", "state")),
        tuple(one for each in facts.tag_sets for one in each.functions if each is main and not reach.runs(one.path, _SERVED)),
        tuple(one.title for one in facts.tag_sets if one is not main),
        tuple(one.name for one in main.signatures if one.name not in kept),
        facts.checkpoint.entry_count if facts.checkpoint else 0,
        any(one.slot_of for one in facts.variables) and main.style == "tf2",
    )


def _served_only(computation: Computation, facts: SavedModelFacts, kept: Sequence[str]) -> Computation:
    """Return the computation with no entries but loading and the signatures that are kept, of the tag set that is served."""
    main = facts.main
    entries = tuple(one for one in main.entries if one.kind == "load" or (one.kind == "signature" and one.name in kept))
    return replace(computation, saved_model=replace(facts, tag_sets=(replace(main, entries=entries),)))


def _is_read(variable: VariableFacts, reach: Reachability) -> bool:
    return any(reach.runs(one.graph, _SERVED) or _makes_it(reach, one.graph, one.tensor) for one in variable.handles)


def _makes_it(reach: Reachability, path: str, tensor: str) -> bool:
    """Tell whether the node that makes a tensor of the GraphDef runs."""
    graph = reach.graphs.get(path)
    if graph is None or not reach.node_ways:
        return False
    name = tensor.partition(":")[0]
    return any(node.name == name and reach.node_ways.get(NodeRef(path, node.index)) for node in graph.nodes)


def _count(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"
