"""The ways to save a model so that it starts sooner; what goes to the child that does it, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inspector.runtimes.onnx_runtime.write_optimized import Level

ENTRY: Final = "inspector.optimize.warmstart_child:make"


@dataclass(frozen=True, slots=True)
class Way:
    """A way to save a model: optimized to a level (None: as it is), its weights in the file or in one beside it."""

    level: Level | None
    external: bool

    @property
    def name(self) -> str:
        """What it is called."""
        where = "weights in external data" if self.external else "weights in the file"
        return f"optimized offline ({self.level}), {where}" if self.level else where


WAYS: Final = (
    Way(None, True),
    Way("basic", True),
    Way("basic", False),
    Way("extended", True),
    Way("extended", False),
    Way("all", True),
    Way("all", False),
)


@dataclass(frozen=True, slots=True)
class SaveWayRequest:
    """Save source one way, as folder/model.onnx with what belongs to it beside it; folder is empty. All paths are absolute."""

    source: str
    folder: str
    way: Way
    processor: tuple[str, ...]
    """This machine's, as analysis.binding has it."""


@dataclass(frozen=True, slots=True)
class SavedWay:
    """What was saved: path, bytes with external data, nodes, domains of operators that are new.

    digest is that of the optimized model file before it says what it is bound to, empty where nothing was optimized. bound_to
    is the text of the binding that its metadata hold, empty where it runs wherever the source does.
    """

    path: str
    size_bytes: int
    node_count: int
    digest: str
    external_bytes: int
    new_domains: tuple[str, ...] = ()
    bound_to: str = ""
    repairs: tuple[str, ...] = ()
    lost_inputs: tuple[str, ...] = ()
