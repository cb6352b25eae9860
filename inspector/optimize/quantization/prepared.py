"""A model made ready for quantization, and how its nodes answer to those of the file it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EMBEDDED_BYTES: Final = 1 << 30
"""Models up to this size are kept in one file while they are worked on; of larger ones weights stay outside, unread."""


@dataclass(frozen=True, slots=True)
class PreparedNode:
    """A node of the prepared model that could become int8.

    name is unique in the model and raw; subject holds the indices of the nodes of the subject's main graph that it does the
    work of (none for one in a subgraph). problem says why it must stay in fp32, "" where it need not.
    """

    name: str
    operator: str
    subject: tuple[int, ...] = ()
    weighted: bool = False
    """Whether it has a weight of its own to make int8: those are what is gained."""
    in_main: bool = True
    index: int = -1
    """Where it stands in its graph of the prepared model."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class NameRequest:
    """Read the model at path, name its nodes and write it into folder; keep are the user's names for nodes."""

    path: bytes
    folder: str
    keep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """The file with named nodes: for each node of the main graph its name, its index and outputs in the subject, in order.

    kept are the indices of nodes the user wants in fp32, unknown what named no node.
    """

    path: str
    opset: int
    external: bool
    names: tuple[str, ...] = ()
    outputs: tuple[tuple[str, ...], ...] = ()
    domains: tuple[str, ...] = ()
    kept: tuple[int, ...] = ()
    unknown: tuple[str, ...] = ()
    inlined: int = 0
    """Functions whose bodies were put where they are called."""
    described: tuple[str, ...] = ()
    """Tensors of the main graph that the subject describes."""
    modernized: bool = False
    """Whether the file format was raised to 4, in which weights need not be inputs."""


@dataclass(frozen=True, slots=True)
class ConvertRequest:
    """Raise the operator set of the model at path to opset."""

    path: str
    opset: int
    target: str


@dataclass(frozen=True, slots=True)
class FoldRequest:
    """Let the runtime fold constants and normalizations of the model at path into target."""

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class FinishRequest:
    """Make the model at path ready; it came from named, by way of tools that may have renamed or added nodes."""

    path: str
    target: str
    named: Named
    check_weights: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model ready for quantization: initializers for weights, unique node names, inferred shapes."""

    path: str
    opset: int
    raised: bool = False
    """Whether its opset, or its file format, was raised."""
    external: bool = False
    nodes: tuple[PreparedNode, ...] = ()
    steps: tuple[str, ...] = ()
    """What was done, one line each."""
    kept: tuple[int, ...] = ()
    unknown: tuple[str, ...] = ()
    described: tuple[str, ...] = ()
