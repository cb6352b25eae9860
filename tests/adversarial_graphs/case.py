"""What an adversarial graph is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper

from tests.builders import model_of

Feed = dict[str, NDArray[Any]]

FeedMaker = Callable[[np.random.Generator], Feed]


@dataclass(frozen=True, slots=True)
class AdversarialGraph:
    """A model, what feeds it, and how it must end: "fp16" (accepted and right), "weights only", "rejected" or "nothing to do".

    islands: operators of which at least one node must have stayed in fp32; reason: what a rejection must say.
    """

    name: str
    model: ModelProto
    feed: FeedMaker
    ends: Literal["fp16", "weights only", "rejected", "nothing to do"] = "fp16"
    islands: tuple[str, ...] = ()
    reason: str = ""


def feeds(graph: AdversarialGraph, seed: int, count: int = 4) -> list[Feed]:
    """Return seeded feeds."""
    random = np.random.default_rng(seed)
    return [graph.feed(random) for _ in range(count)]


def normal(**shapes: Sequence[int]) -> FeedMaker:
    """Return a maker of normally distributed fp32 inputs of these shapes."""
    return lambda random: {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def node(operator: str, inputs: str, outputs: str, name: str = "", **attributes: Any) -> NodeProto:
    """Return a node whose operands are given in one string; "-" is an omitted one."""
    split = [["" if one == "-" else one for one in names.split()] for names in (inputs, outputs)]
    return helper.make_node(operator, *split, name=name or f"{operator}_{'_'.join(split[1])}", **attributes)


def random_weight(*shape: int, seed: int = 0, scale: float = 0.2) -> NDArray[np.float32]:
    """Return a seeded fp32 weight."""
    return (np.random.default_rng(seed).normal(size=shape) * scale).astype(np.float32)


def at(opset: int) -> Mapping[str, int]:
    """Return the imports of a model of one operator set."""
    return {"": opset}


__all__ = ["AdversarialGraph", "Feed", "at", "feeds", "model_of", "node", "normal", "random_weight"]
