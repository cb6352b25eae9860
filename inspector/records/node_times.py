"""Where the time of a run goes, node by node as the runtime executes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeTime:
    """One executed node: its name as the runtime has it (fusions make new ones), its operator, and ms of one run of the model.

    Of If, Loop and Scan only what their bodies do not take; executions is how often it ran in one run.
    """

    name: str
    operator: str
    milliseconds: float
    executions: float = 1.0
    index: int | None = None
    """In its graph as the runtime has it: nodes of the file keep their place among those that are no Constant, and nodes that
    the runtime makes come after them."""
    provider: str = ""
    """The runtime's name for what executed it: "CPUExecutionProvider"."""


@dataclass(frozen=True, slots=True)
class NodeTimes:
    """Several profiled runs: nodes by time, costliest first, their sum, and the whole run beside it.

    Times are the mean of the middle half of the runs, so that a run in which something else held the processor blames no node.
    """

    nodes: tuple[NodeTime, ...]
    run_ms: float
    """One run with profiling on, which takes longer than one without."""
    node_ms: float
    """Sum over all nodes; what is missing to run_ms is spent between them."""
    runs: int
    threads: int = 1
    notes: tuple[str, ...] = ()
