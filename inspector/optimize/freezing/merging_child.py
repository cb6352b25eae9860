"""One graph for the frozen graphs of several signatures: what they share is in it once."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, Final

SHARED_FROM: Final = 256
"""Bytes from which on equal constants become one."""

_MOST_STEPS: Final = 20
"""How far what only passes on is followed; calls within calls are rarely deeper."""


@dataclass(slots=True)
class Merged:
    """A graph under construction: a GraphDef, and by signature the names of its inputs' and outputs' tensors, in order."""

    graph: Any
    inputs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    outputs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _constants: dict[bytes, str] = field(default_factory=dict)
    _functions: set[str] = field(default_factory=set)
    _known: dict[bytes, str] = field(default_factory=dict)
    """The signature that has a graph already, by what is in it."""

    def add(self, signature: str, function: Any) -> None:
        """Take in the graph of a frozen function; the same graph as another signature's is not taken in twice."""
        definition = function.graph.as_graph_def()
        names = tuple(tensor.name for tensor in function.inputs), tuple(tensor.name for tensor in function.outputs)
        key = hashlib.sha256(definition.SerializeToString(deterministic=True) + repr(names).encode()).digest()
        if key in self._known:
            same = self._known[key]
            self.inputs[signature], self.outputs[signature] = self.inputs[same], self.outputs[same]
            return
        self._known[key] = signature
        prefix = self._prefix(signature)
        renamed = {node.name: self._place(node, prefix) for node in definition.node}
        for node in definition.node:
            if renamed[node.name] != f"{prefix}{node.name}":
                continue
            added = self.graph.node.add()
            added.CopyFrom(node)
            added.name = renamed[node.name]
            added.device = ""
            added.input[:] = [_tensor(name, renamed) for name in node.input]
            added.attr.pop("_class", None)
        self._take_functions(definition)
        self.inputs[signature] = tuple(_tensor(name, renamed) for name in names[0])
        self.outputs[signature] = tuple(_tensor(name, renamed) for name in names[1])

    def _prefix(self, signature: str) -> str:
        """Return what begins the names of a signature's nodes, as TensorFlow allows them, none twice."""
        safe = re.sub(r"[^A-Za-z0-9.]", "_", signature).strip("._") or "signature"
        taken = {node.name.partition("/")[0] for node in self.graph.node}
        prefix, number = safe, 1
        while prefix in taken:
            number += 1
            prefix = f"{safe}_{number}"
        return f"{prefix}/"

    def _place(self, node: Any, prefix: str) -> str:
        """Return the name of a node in the merged graph: that of an equal constant where there is one."""
        name = f"{prefix}{node.name}"
        if node.op != "Const" or node.attr["value"].ByteSize() < SHARED_FROM or any(node.input):
            return name
        key = hashlib.sha256(node.attr["value"].SerializeToString(deterministic=True)).digest()
        return self._constants.setdefault(key, name)

    def _take_functions(self, definition: Any) -> None:
        self.graph.versions.CopyFrom(definition.versions)
        for function in definition.library.function:
            if function.signature.name not in self._functions:
                self._functions.add(function.signature.name)
                self.graph.library.function.add().CopyFrom(function)
        self.graph.library.gradient.extend(definition.library.gradient)


def _tensor(name: str, renamed: dict[str, str]) -> str:
    """Return the name of a tensor, or of a control input, after its node was renamed."""
    mark = "^" if name.startswith("^") else ""
    node, colon, port = name.removeprefix("^").partition(":")
    return f"{mark}{renamed[node]}{colon}{port}"


def _without_effect(graph: Any) -> set[str]:
    """Return the nodes that nobody need wait for: inputs, constants, and what only passes those on."""
    idle = {node.name for node in graph.node if node.op in ("Placeholder", "Const")}
    for _ in range(_MOST_STEPS):
        more = {
            node.name
            for node in graph.node
            if node.op in ("Identity", "NoOp") and node.name not in idle and all(_node(name) in idle for name in node.input)
        }
        if not more:
            break
        idle |= more
    return idle


def _node(tensor: str) -> str:
    return tensor.removeprefix("^").partition(":")[0]


def share_constants(graph: Any, kept: set[str]) -> None:
    """Make one of equal constants in a GraphDef, which folding made several of; the nodes kept stay whatever they are.

    Folding and inlining have constants wait for what they were computed beside: that is of no use, and taken off.
    """
    first: dict[bytes, str] = {}
    same: dict[str, str] = {}
    waits = {f"^{name}" for name in _without_effect(graph)}
    for node in graph.node:
        if node.op == "Const":
            node.input[:] = [name for name in node.input if name not in waits]
        if node.op == "Const" and node.attr["value"].ByteSize() >= SHARED_FROM and not node.input:
            key = hashlib.sha256(node.attr["value"].SerializeToString(deterministic=True)).digest()
            if first.setdefault(key, node.name) != node.name and node.name not in kept:
                same[node.name] = first[key]
    left = [type(node).FromString(node.SerializeToString()) for node in graph.node if node.name not in same]
    names = {node.name: same.get(node.name, node.name) for node in graph.node}
    for node in left:
        node.input[:] = [_tensor(name, names) for name in node.input]
    del graph.node[:]
    graph.node.extend(left)
