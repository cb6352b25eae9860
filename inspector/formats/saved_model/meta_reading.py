"""One MetaGraph made sense of: which part is the main graph, what runs when, and where its functions go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from inspector.formats.clean_text import TextCleaner
from inspector.formats.saved_model.captures import Captures
from inspector.formats.saved_model.entry_graph import Target, target_of, tensor_names, unwrapped
from inspector.formats.saved_model.meta_graph import RawMetaGraph
from inspector.formats.saved_model.object_graph import Objects
from inspector.formats.saved_model.reach import CallTree
from inspector.formats.saved_model.references import Tensors
from inspector.formats.saved_model.signatures import default_signature, signature_names

_PREFERRED_METHODS = ("root.signatures.serving_default", "root.__call__", "root.call", "root.serve")


@dataclass(slots=True)
class Places:
    """Where the graphs of one MetaGraph go: paths of the GraphDef's parts and of every function."""

    domain: str
    surroundings: str
    functions: dict[str, str]
    main_function: str = ""
    main_nodes: frozenset[str] = frozenset()
    """Nodes of the GraphDef that are the main graph, where that is no function."""


class MetaReading:
    """One MetaGraph while it is read."""

    def __init__(self, raw: RawMetaGraph, title: str, objects: Objects, cleaner: TextCleaner, is_main: bool) -> None:
        self.raw = raw
        self.title = title
        self.objects = objects
        self.is_main = is_main
        self.cleaner = cleaner
        self.tensors = Tensors(raw.graph, raw.operators, raw.functions)
        self.targets = {name: self._target(name) for name in signature_names(raw)}
        self.places = self._places()
        self.captures = Captures()
        self._function_tensors: dict[str, Tensors] = {}

    @cached_property
    def calls(self) -> CallTree:
        """The calls between its functions."""
        return CallTree(self.raw.functions)

    @cached_property
    def bound(self) -> dict[tuple[str, int], int]:
        """The object that an argument is bound to, by function and place of the argument from the end."""
        return {(name, from_end): number for name, from_end, number in self.objects.bound}

    @property
    def default_signature(self) -> str:
        """The signature whose graph is the main one."""
        return default_signature(self.raw)

    def function_tensors(self, name: str) -> Tensors:
        """Return the tensors of a function."""
        if name not in self._function_tensors:
            self._function_tensors[name] = Tensors(self.raw.functions[name], self.raw.operators, self.raw.functions)
        return self._function_tensors[name]

    def fed(self, name: str) -> list[str]:
        """Return the tensors of the GraphDef that a signature feeds."""
        return self._references(self.raw.signatures[name][0].inputs)

    def wanted(self, name: str) -> list[str]:
        """Return the tensors of the GraphDef that a signature gives."""
        return self._references(self.raw.signatures[name][0].outputs)

    def _references(self, entries: Iterable[Any]) -> list[str]:
        names = self.cleaner.names
        return [names[raw] for entry in entries for raw in tensor_names(entry.value)]

    def _target(self, name: str) -> Target:
        return target_of(self.raw, self.tensors, self.fed(name), self.wanted(name))

    def _places(self) -> Places:
        domain = "" if self.is_main else self.title
        prefix = "function:" if self.is_main else f"function:{self.title}:"
        paths = {name: f"{prefix}{name}" for name in self.raw.functions}
        places = Places(domain, f"graph:{self.title}", paths)
        if not self.is_main:
            return places
        target = self.targets.get(self.default_signature)
        if target is not None and target.nodes:
            places.main_nodes = target.nodes
        else:
            places.main_function = target.function if target is not None and target.function else self._any_function()
            if places.main_function:
                paths[places.main_function] = ""
        return places

    def _any_function(self) -> str:
        """Return what to show of an artifact without signatures: its most important method, else its first function."""
        functions = self.raw.functions
        by_path = {path: name for name, paths in self.objects.methods.items() for path in paths if name in functions}
        for path in (*_PREFERRED_METHODS, *sorted(by_path, key=lambda one: (one.count("."), one))):
            if path in by_path and "_resource" not in path and not path.endswith("_initialize"):
                return unwrapped(by_path[path], functions)
        return ""
