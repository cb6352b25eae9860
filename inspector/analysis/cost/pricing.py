"""The cost of one node by itself: its operator's formula at its shapes, and the bytes of its outputs."""

from __future__ import annotations

from typing import Final, NamedTuple

from inspector.analysis.cost.expression import Sum, product
from inspector.analysis.cost.formulas import FORMULAS, Formula, tensorflow_elementwise
from inspector.analysis.cost.formulas.elementwise import OPERATIONS_PER_OUTPUT_ELEMENT as ONNX_OPERATIONS
from inspector.analysis.cost.formulas.free import FREE
from inspector.analysis.cost.formulas.tensorflow_free import WITHOUT_ACTIVATIONS
from inspector.analysis.cost.formulas.tflite_free import TFLITE_WITHOUT_ACTIVATIONS
from inspector.analysis.cost.scope import Scope
from inspector.analysis.cost.sizes import tensor_bytes
from inspector.analysis.cost.use import UnknownCostError, Use, Work
from inspector.records.cost import NodeCost, Product
from inspector.records.dtype import UNDEFINED
from inspector.records.graph import Attribute, Node
from inspector.records.tensor import Shape

_INEXACT: Final = ("float", "bfloat", "double", "complex", UNDEFINED)
_TENSORFLOW_OPERATIONS: Final = tensorflow_elementwise.OPERATIONS_PER_OUTPUT_ELEMENT
_OPERATIONS_PER_OUTPUT_ELEMENT: Final = {
    **ONNX_OPERATIONS,
    **_TENSORFLOW_OPERATIONS,
    **{name.replace("tensorflow:", "flex:Flex"): count for name, count in _TENSORFLOW_OPERATIONS.items()},
}
"""Of TensorFlow's operators in a .tflite only these are priced, since no attribute of them is read."""
_NOT_COUNTED_ON_INTEGERS: Final = frozenset(
    (*_OPERATIONS_PER_OUTPUT_ELEMENT, *tensorflow_elementwise.REDUCTIONS, "Sum", "Mean", "tensorflow:AddN")
) | {name for name in FORMULAS if name.startswith("Reduce")}
"""Arithmetic on integers and booleans is that of shapes, indexes and masks; products of matrices count in any dtype."""


class Price(NamedTuple):
    """What a node does by itself; flops None: unknown, for the reason."""

    flops: Sum | None = ()
    macs: Sum = ()
    reason: str = ""


FREE_PRICE: Final = Price()
NO_ACTIVATIONS: Final[tuple[Product, ...]] = ()
_VALUE_DEPENDENT: Final = frozenset(("DFT", "STFT"))


PriceKey = tuple[str, tuple[Attribute, ...], tuple[Shape | None, ...]]
Activations = tuple[Product, ...] | None


class Pricing:
    """Prices nodes; equal nodes share one record, so that a hundred thousand of them stay cheap to make and to add up."""

    def __init__(self) -> None:
        self._prices: dict[PriceKey, Price] = {}
        self._activations: dict[tuple[str, Shape], Activations] = {}
        self._costs: dict[tuple[int, int], NodeCost] = {}
        self._shared: list[Price | Activations] = [FREE_PRICE, NO_ACTIVATIONS]
        """Keeps alive what _costs knows by identity."""
        self._identities = {id(FREE_PRICE), id(NO_ACTIVATIONS)}

    def price(self, name: str, node: Node, scope: Scope) -> Price:
        """Return what the operator of that qualified name does at this node."""
        if name in FREE:
            return FREE_PRICE
        if name in _NOT_COUNTED_ON_INTEGERS and not _is_inexact(node, scope):
            return FREE_PRICE
        operations = _OPERATIONS_PER_OUTPUT_ELEMENT.get(name)
        formula = FORMULAS.get(name)
        if operations is None and formula is None:
            return Price(None, (), f"no formula for {name}")
        if operations is not None:
            key: PriceKey = (name, (), _shapes(node.outputs[:1], scope))
        else:
            key = (name, node.attributes, _shapes((*node.inputs, *node.outputs), scope))
        found = self._prices.get(key)
        if found is None:
            found = _price(name, operations, formula, Use(node, scope))
            if found.flops is not None and name not in _VALUE_DEPENDENT and not scope.attributes:
                self._prices[key] = found
                self._share(found)
        return found

    def cost(self, price: Price, activation_bytes: Activations) -> NodeCost:
        """Return the cost of a node that uses no weight."""
        key = (id(price), id(activation_bytes))
        if not self._identities.issuperset(key):
            return NodeCost(price.flops, price.reason, 0, 0, activation_bytes, price.macs)
        found = self._costs.get(key)
        if found is None:
            found = self._costs[key] = NodeCost(price.flops, price.reason, 0, 0, activation_bytes, price.macs)
        return found

    def activation_bytes(self, name: str, node: Node, scope: Scope) -> Activations:
        """Return the bytes of a node's outputs, None where any of them is not known."""
        if name in WITHOUT_ACTIVATIONS or name in TFLITE_WITHOUT_ACTIVATIONS:
            return NO_ACTIVATIONS
        if len(node.outputs) == 1:
            return self._of_tensor(node.outputs[0], scope)
        sizes = [self._of_tensor(name, scope) for name in node.outputs if name]
        return None if None in sizes else tuple(size for known in sizes for size in known or ())

    def _of_tensor(self, name: str, scope: Scope) -> Activations:
        spec = scope.spec(name)
        if spec is None or spec.shape is None:
            return None
        key = (spec.dtype, spec.shape)
        if key in self._activations:
            return self._activations[key]
        size = tensor_bytes(spec)
        found = self._activations[key] = None if size is None else (size,)
        self._share(found)
        return found

    def _share(self, record: Price | Activations) -> None:
        self._shared.append(record)
        self._identities.add(id(record))


def _price(name: str, operations: int | None, formula: Formula | None, use: Use) -> Price:
    try:
        if formula is not None:
            return _priced(formula(use))
        return _priced(Work(others=((operations or 0, *use.output()),)))
    except UnknownCostError as unknown:
        return Price(None, (), str(unknown))
    except (IndexError, ValueError, ArithmeticError):
        # A node that does not fit its operator's definition (too few dimensions, say): checkers complain, costs go on.
        return Price(None, (), f"inputs of {name} do not fit its definition")


def _shapes(names: tuple[str, ...], scope: Scope) -> tuple[Shape | None, ...]:
    specs = scope.specs
    shapes: list[Shape | None] = []
    for name in names:
        spec = specs.get(name) or scope.spec(name)
        shapes.append(None if spec is None else spec.shape)
    return tuple(shapes)


def _priced(work: Work) -> Price:
    macs = tuple(map(product, work.macs))
    others = tuple(map(product, work.others))
    return Price((*(Product((2, *term.factors)) for term in macs), *others), macs)


def _is_inexact(node: Node, scope: Scope) -> bool:
    for name in (*node.outputs[:1], *node.inputs[:1]):
        spec = scope.spec(name)
        if spec is not None and spec.dtype != UNDEFINED:
            return spec.dtype.startswith(_INEXACT)
    return True
