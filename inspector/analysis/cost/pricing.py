"""The cost of one node by itself: its operator's formula at its shapes, and the bytes of its outputs."""

from __future__ import annotations

from typing import Final, NamedTuple

from inspector.analysis.cost.expression import Factors, Sum
from inspector.analysis.cost.formulas import FORMULAS
from inspector.analysis.cost.formulas.elementwise import OPERATIONS_PER_OUTPUT_ELEMENT
from inspector.analysis.cost.formulas.free import FREE
from inspector.analysis.cost.scope import Scope
from inspector.analysis.cost.sizes import tensor_bytes
from inspector.analysis.cost.use import UnknownCostError, Use, Work
from inspector.records.cost import NodeCost, Product
from inspector.records.dtype import UNDEFINED
from inspector.records.graph import Node
from inspector.records.tensor import Shape

_INEXACT: Final = ("float", "bfloat", "double", "complex", UNDEFINED)
_NOT_COUNTED_ON_INTEGERS: Final = frozenset((*OPERATIONS_PER_OUTPUT_ELEMENT, "Sum", "Mean")) | {
    name for name in FORMULAS if name.startswith("Reduce")
}
"""Arithmetic on integers and booleans is that of shapes, indexes and masks; products of matrices count in any dtype."""


class Price(NamedTuple):
    """What a node does by itself; flops None: unknown, for the reason."""

    flops: Sum | None = ()
    macs: Sum = ()
    reason: str = ""


FREE_PRICE: Final = Price()


class Pricing:
    """Prices nodes; equal nodes share one record, so that a hundred thousand of them stay cheap to make and to add up."""

    def __init__(self) -> None:
        self._elementwise: dict[tuple[int, Shape], Price] = {}
        self._bytes: dict[tuple[str, Shape], Product | None] = {}
        self._costs: dict[tuple[Price, tuple[Product, ...] | None], NodeCost] = {}

    def price(self, name: str, node: Node, scope: Scope) -> Price:
        """Return what the operator of that qualified name does at this node."""
        if name in FREE:
            return FREE_PRICE
        if name in _NOT_COUNTED_ON_INTEGERS and not _is_inexact(node, scope):
            return FREE_PRICE
        operations = OPERATIONS_PER_OUTPUT_ELEMENT.get(name)
        if operations is not None:
            return self._price_elementwise(operations, node, scope)
        formula = FORMULAS.get(name)
        if formula is None:
            return Price(None, (), f"no formula for {name}")
        try:
            return _priced(formula(Use(node, scope)))
        except UnknownCostError as unknown:
            return Price(None, (), str(unknown))
        except (IndexError, ValueError, ArithmeticError):
            # A node that does not fit its operator's definition (too few dimensions, say): checkers complain, costs go on.
            return Price(None, (), f"inputs of {name} do not fit its definition")

    def cost(self, price: Price, activation_bytes: tuple[Product, ...] | None) -> NodeCost:
        """Return the cost of a node that uses no weight."""
        key = (price, activation_bytes)
        found = self._costs.get(key)
        if found is None:
            found = NodeCost(price.flops, price.reason, 0, 0, activation_bytes, price.macs)
            self._costs[key] = found
        return found

    def activation_bytes(self, node: Node, scope: Scope) -> tuple[Product, ...] | None:
        """Return the bytes of a node's outputs, None where any of them is not known."""
        sizes = []
        for name in node.outputs:
            if not name:
                continue
            spec = scope.spec(name)
            if spec is None or spec.shape is None:
                return None
            key = (spec.dtype, spec.shape)
            if key not in self._bytes:
                self._bytes[key] = tensor_bytes(spec)
            size = self._bytes[key]
            if size is None:
                return None
            sizes.append(size)
        return tuple(sizes)

    def _price_elementwise(self, operations: int, node: Node, scope: Scope) -> Price:
        name = node.outputs[0] if node.outputs else ""
        spec = scope.spec(name)
        if spec is None or spec.shape is None:
            return Price(None, (), f"shape of {name} unknown")
        key = (operations, spec.shape)
        found = self._elementwise.get(key)
        if found is None:
            try:
                found = _priced(Work(others=((operations, *Use(node, scope).output()),)))
            except UnknownCostError as unknown:
                return Price(None, (), str(unknown))
            self._elementwise[key] = found
        return found


def _priced(work: Work) -> Price:
    macs = tuple(Product(_factors(term)) for term in work.macs)
    others = tuple(Product(_factors(term)) for term in work.others)
    return Price((*(Product((2, *term.factors)) for term in macs), *others), macs)


def _factors(term: Factors) -> Factors:
    return tuple(factor for factor in term if factor != 1)


def _is_inexact(node: Node, scope: Scope) -> bool:
    for name in (*node.outputs[:1], *node.inputs[:1]):
        spec = scope.spec(name)
        if spec is not None and spec.dtype != UNDEFINED:
            return spec.dtype.startswith(_INEXACT)
    return True
