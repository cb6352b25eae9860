"""Which variable each resource argument of a function is, told from the object graph and followed through calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from inspector.formats.saved_model.meta_graph import RawGraph
from inspector.formats.saved_model.nodes import RawNode

MOST_STEPS: Final = 10_000_000
SEVERAL: Final = -1
"""Stands for arguments that are one variable at one call and another elsewhere."""

_LEADING: Final = {
    "PartitionedCall": 0,
    "StatefulPartitionedCall": 0,
    "TPUPartitionedCall": 0,
    "While": 0,
    "StatelessWhile": 0,
    "If": 1,
    "StatelessIf": 1,
    "Case": 1,
    "StatelessCase": 1,
    "For": 3,
    "XlaLaunch": 0,
}
"""Inputs of operators that are not passed on to the functions they call."""
_PASSED_ON: Final = frozenset({"Identity", "StopGradient"})
HANDLE_OPERATORS: Final = frozenset({"VarHandleOp", "VariableV2", "Variable"})


@dataclass(slots=True)
class Captures:
    """By function, the variable (its number, or SEVERAL) that each argument is, by name of the argument."""

    of: dict[str, dict[str, int]] = field(default_factory=dict)
    handles: dict[str, int] = field(default_factory=dict)
    """By name of a node of the GraphDef that makes a variable."""

    def bind(self, function: str, argument: str, variable: int) -> bool:
        """Take note of what an argument is; return whether that is news."""
        known = self.of.setdefault(function, {})
        before = known.get(argument)
        if before in (variable, SEVERAL):
            return False
        known[argument] = variable if before is None else SEVERAL
        return True

    def certain(self, function: str) -> dict[str, int]:
        """Return the variables of a function's arguments, where every call agrees."""
        return {name: number for name, number in self.of.get(function, {}).items() if number != SEVERAL}


def follow(
    graph: RawGraph, functions: Mapping[str, RawGraph], bound: Iterable[tuple[str, int, int]], handles: Mapping[str, int]
) -> Captures:
    """Return what every argument is.

    bound: (function, number of the argument, variable) as the object graph tells; handles: variables of the GraphDef's own
    nodes, where those are known by name.
    """
    captures = Captures(handles=dict(handles))
    waiting: deque[str] = deque()
    for name, number, variable in bound:
        function = functions.get(name)
        if function is not None and 0 <= number < len(function.arguments):
            captures.bind(name, function.arguments[number].name, variable)
            waiting.append(name)
    _learn_handles(graph, functions, captures)
    budget = [MOST_STEPS]
    for callee in _pass_on(graph, captures.handles, functions, captures, budget):
        waiting.append(callee)
    waiting = deque(dict.fromkeys(waiting))
    queued = set(waiting)
    while waiting and budget[0] > 0:
        name = waiting.popleft()
        queued.discard(name)
        for callee in _pass_on(functions[name], captures.of.get(name, {}), functions, captures, budget):
            if callee not in queued:
                queued.add(callee)
                waiting.append(callee)
    return captures


def _calls(graph: RawGraph, functions: Mapping[str, RawGraph]) -> Iterator[tuple[RawNode, RawGraph, int]]:
    """Yield (node, function it calls, inputs that are not passed on) where the order of arguments is known."""
    for node in graph.nodes:
        if node.operator in functions:
            yield node, functions[node.operator], 0
        leading = _LEADING.get(node.operator)
        if leading is not None:
            for _, name in node.functions:
                if name in functions:
                    yield node, functions[name], leading


def _pass_on(
    graph: RawGraph, known: Mapping[str, int], functions: Mapping[str, RawGraph], captures: Captures, budget: list[int]
) -> Iterator[str]:
    """Bind the arguments of functions that the graph calls with what it knows; yield those that learnt something."""
    if not known:
        return
    aliases = _aliases(graph, known)
    budget[0] -= len(graph.nodes)
    for node, function, leading in _calls(graph, functions):
        taken = min(len(node.inputs) - leading, len(function.arguments))
        budget[0] -= max(taken, 1)
        if budget[0] <= 0:
            return
        learnt = False
        for number in range(max(taken, 0)):
            variable = aliases.get(node.inputs[number + leading])
            if variable is not None:
                learnt |= captures.bind(function.name, function.arguments[number].name, variable)
        if learnt:
            yield function.name


def _aliases(graph: RawGraph, known: Mapping[str, int]) -> dict[str, int]:
    """Return what tensors are variables, by every way of naming them: handles and what only passes them on."""
    found: dict[str, int] = {}
    for name, variable in known.items():
        found.update({name: variable, f"{name}:0": variable, f"{name}:resource:0": variable})
    for node in graph.nodes:
        if node.operator in _PASSED_ON and node.inputs and (passed := found.get(node.inputs[0])) is not None:
            found.update({node.name: passed, f"{node.name}:0": passed, f"{node.name}:output:0": passed})
    return found


def _learn_handles(graph: RawGraph, functions: Mapping[str, RawGraph], captures: Captures) -> None:
    """Tell which variables the GraphDef's nodes make from the functions they are passed to."""
    makers = {node.name for node in graph.nodes if node.operator in HANDLE_OPERATORS}
    left = MOST_STEPS
    for node, function, leading in _calls(graph, functions) if makers else ():
        known = captures.of.get(function.name, {})
        taken = node.inputs[leading:]
        left -= len(taken) + 1
        if left <= 0:
            return
        for argument, reference in zip(function.arguments, taken, strict=False):
            variable = known.get(argument.name, SEVERAL)
            maker = reference.partition(":")[0]
            if variable != SEVERAL and maker in makers:
                captures.handles.setdefault(maker, variable)
