"""What runs what: functions that calls lead to, and who calls whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from inspector.formats.saved_model.meta_graph import RawGraph
from inspector.formats.saved_model.nodes import RawNode


def called_by(nodes: Iterable[RawNode], functions: Mapping[str, RawGraph]) -> dict[str, None]:
    """Return the functions that any of the nodes calls, each once, in order."""
    found: dict[str, None] = {}
    for node in nodes:
        if node.operator in functions:
            found[node.operator] = None
        for _, name in node.functions:
            if name in functions:
                found[name] = None
    return found


class CallTree:
    """The calls between the functions of one library."""

    def __init__(self, functions: Mapping[str, RawGraph]) -> None:
        self.calls = {name: list(called_by(graph.nodes, functions)) for name, graph in functions.items()}
        self.callers: dict[str, list[str]] = {name: [] for name in functions}
        for caller, callees in self.calls.items():
            for callee in callees:
                self.callers[callee].append(caller)

    def closure(self, names: Iterable[str], most: int = 2**31) -> dict[str, None]:
        """Return the functions and all that they call, directly or not; of many only about as many as most."""
        found = dict.fromkeys(name for name in names if name in self.calls)
        waiting = list(found)
        while waiting and len(found) < most:
            for callee in self.calls[waiting.pop()]:
                if callee not in found:
                    found[callee] = None
                    waiting.append(callee)
        return found

    def cyclic(self) -> set[str]:
        """Return the functions that call themselves, directly or not (Tarjan's strongly connected components)."""
        order: dict[str, int] = {}
        lowest: dict[str, int] = {}
        open_names: list[str] = []
        is_open: set[str] = set()
        found: set[str] = set()
        for root in self.calls:
            if root in order:
                continue
            path = [(root, iter(self.calls[root]))]
            order[root] = lowest[root] = len(order)
            open_names.append(root)
            is_open.add(root)
            while path:
                name, rest = path[-1]
                callee = next(rest, None)
                if callee is None:
                    path.pop()
                    if path:
                        lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[name])
                    if lowest[name] == order[name]:
                        found.update(self._close(name, open_names, is_open))
                elif callee not in order:
                    order[callee] = lowest[callee] = len(order)
                    open_names.append(callee)
                    is_open.add(callee)
                    path.append((callee, iter(self.calls[callee])))
                elif callee in is_open:
                    lowest[name] = min(lowest[name], order[callee])
        return found

    def _close(self, name: str, open_names: list[str], is_open: set[str]) -> list[str]:
        component = []
        while True:
            member = open_names.pop()
            is_open.discard(member)
            component.append(member)
            if member == name:
                break
        return component if len(component) > 1 or name in self.calls[name] else []
