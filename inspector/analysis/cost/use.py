"""One use of an operator as a formula sees it: shapes, attributes and constants, or the reason why they are not known."""

from __future__ import annotations

from typing import NamedTuple

from inspector.analysis.cost.bindings import is_missing
from inspector.analysis.cost.expression import Factor, Factors
from inspector.analysis.cost.scope import Scope
from inspector.records.dtype import UNDEFINED
from inspector.records.graph import Attribute, Node
from inspector.records.tensor import Shape

KnownShape = tuple[Factor, ...]


class UnknownCostError(Exception):
    """The cost cannot be told; the message is the reason, for a person."""


class Work(NamedTuple):
    """What a node computes: multiply-accumulates and, apart from them, other floating-point operations.

    Both are sums of products. A multiply-accumulate counts as two operations.
    """

    macs: tuple[Factors, ...] = ()
    others: tuple[Factors, ...] = ()


class Use:
    """A node in its scope."""

    __slots__ = ("node", "scope")

    def __init__(self, node: Node, scope: Scope) -> None:
        self.node = node
        self.scope = scope

    def has_input(self, index: int) -> bool:
        """Tell whether an optional input is given."""
        return len(self.node.inputs) > index and self.node.inputs[index] != ""

    def has_output(self, index: int) -> bool:
        """Tell whether an optional output is taken."""
        return len(self.node.outputs) > index and self.node.outputs[index] != ""

    def input(self, index: int) -> KnownShape:
        """Return the shape of an input; raise UnknownCostError where any of it is not known."""
        return self._shape(self.node.inputs, index, "input")

    def output(self, index: int = 0) -> KnownShape:
        """Return the shape of an output; raise UnknownCostError where any of it is not known."""
        return self._shape(self.node.outputs, index, "output")

    def rank(self, index: int) -> int:
        """Return an input's number of dimensions; raise UnknownCostError where not known."""
        spec = self.scope.spec(self.node.inputs[index]) if self.has_input(index) else None
        if spec is None or spec.shape is None:
            raise UnknownCostError(self._unknown(self.node.inputs, index, "input"))
        return len(spec.shape)

    def input_dtype(self, index: int) -> str:
        """Return the element type of an input, "undefined" where not known."""
        spec = self.scope.spec(self.node.inputs[index]) if self.has_input(index) else None
        return UNDEFINED if spec is None else spec.dtype

    def value(self, index: int) -> tuple[int | float, ...] | None:
        """Return an input's values where it is a small constant, None otherwise."""
        return self.scope.value(self.node.inputs[index]) if self.has_input(index) else None

    def integers(self, index: int) -> tuple[int, ...] | None:
        """Return an input's values where it is a small constant of integers, None otherwise."""
        values = self.value(index)
        return None if values is None else tuple(int(value) for value in values)

    def lengths(self, index: int) -> Shape | None:
        """Return the integers an input holds, as far as constants and shape arithmetic tell; single ones may be unknown."""
        found = self.scope.lengths_of(self.node.inputs[index]) if self.has_input(index) else None
        if found is not None:
            return found
        values = self.value(index)
        return None if values is None or any(isinstance(value, float) for value in values) else self.integers(index)

    def attribute(self, name: str) -> Attribute | None:
        """Return an attribute; inside a function, a reference gives what the call site passes."""
        found = self.node.attribute(name)
        if found is not None and found.kind == "reference":
            return self.scope.attributes.get(str(found.value))
        return found

    def integer(self, name: str, default: int = 0) -> int:
        """Return an integer attribute or its default."""
        found = self.attribute(name)
        return found.value if found is not None and isinstance(found.value, int) else default

    def number(self, name: str, default: float) -> float:
        """Return a float attribute or its default."""
        found = self.attribute(name)
        return float(found.value) if found is not None and isinstance(found.value, (int, float)) else default

    def text(self, name: str, default: str) -> str:
        """Return a string attribute or its default."""
        found = self.attribute(name)
        return found.value if found is not None and isinstance(found.value, str) else default

    def ints(self, name: str) -> tuple[int, ...] | None:
        """Return a list-of-integers attribute, None where it is absent."""
        found = self.attribute(name)
        if found is None or not isinstance(found.value, tuple):
            return None
        return tuple(value for value in found.value if isinstance(value, int))

    def _shape(self, names: tuple[str, ...], index: int, role: str) -> KnownShape:
        spec = self.scope.spec(names[index]) if index < len(names) else None
        if spec is None or spec.shape is None:
            raise UnknownCostError(self._unknown(names, index, role))
        known = tuple(dim for dim in spec.shape if dim is not None and not is_missing(dim))
        if len(known) != len(spec.shape):
            raise UnknownCostError(self._unknown(names, index, role))
        return known

    def _unknown(self, names: tuple[str, ...], index: int, role: str) -> str:
        name = names[index] if index < len(names) else ""
        return f"shape of {name} unknown" if name else f"no {role} {index}"
