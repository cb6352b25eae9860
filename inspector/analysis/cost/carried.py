"""Attributes every weight to the first node that uses it, through constants and what only reshapes or dequantizes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from inspector.records.tensor import Weight


class Carried(NamedTuple):
    """Elements and bytes of weights."""

    parameters: int = 0
    weight_bytes: int = 0

    def plus(self, other: Carried) -> Carried:
        """Return the sum of both."""
        return Carried(self.parameters + other.parameters, self.weight_bytes + other.weight_bytes)


NOTHING = Carried()


class Ledger:
    """Weights of one graph that no node has used yet, by the tensor that carries them on; outer graphs come after."""

    __slots__ = ("of_node", "outer", "pending")

    def __init__(self, weights: Iterable[Weight], outer: Ledger | None = None) -> None:
        self.outer = outer
        self.pending: dict[str, Carried] = {}
        self.of_node: dict[int, Carried] = {}
        sizes: dict[tuple[str, tuple[int, ...], int | None], Carried] = {}
        for weight in weights:
            key = (weight.dtype, weight.shape, weight.stored_bytes)
            carried = sizes.get(key)
            if carried is None:
                carried = sizes[key] = Carried(weight.element_count, weight.byte_count)
            if weight.carrier == "attribute":
                self.of_node[weight.node] = self.of_node.get(weight.node, NOTHING).plus(carried)
            else:
                self.pending[weight.name] = carried

    def take(self, names: Iterable[str]) -> Carried:
        """Return the weights that these tensors carry and nobody took before, and mark them as taken."""
        taken = NOTHING
        for name in names:
            ledger: Ledger | None = self
            while ledger is not None:
                found = ledger.pending.pop(name, None)
                if found is not None:
                    taken = found if taken is NOTHING else taken.plus(found)
                    break
                ledger = ledger.outer
        return taken

    def of(self, index: int, names: Iterable[str]) -> Carried:
        """Return what a node takes: its tensor attributes and the weights among its inputs."""
        taken = self.take(names)
        own = self.of_node.get(index)
        return taken if own is None else taken.plus(own)

    def pass_on(self, carried: Carried, outputs: Iterable[str]) -> None:
        """Hand weights on to whoever uses the first of the outputs."""
        for name in outputs:
            if name and carried is not NOTHING:
                self.pending[name] = carried
                return
