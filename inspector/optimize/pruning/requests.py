"""What goes to the child that prunes a SavedModel, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

ENTRY: Final = "inspector.optimize.pruning.prune_child:prune"

PruningWay = Literal["objects", "graph"]
"""objects: what the signatures capture is saved anew by tf.saved_model.save; graph: the nodes that the signatures take are cut
out of the GraphDef, with a saver for their variables, and there is no object graph."""

SLOT_REPAIR: Final = "cleared slot variables of its optimizer: TensorFlow 2.x refuses them (add_slot)"


@dataclass(frozen=True, slots=True)
class PruneRequest:
    """Write the signatures named, of the MetaGraph with those tags, into the folder target, which does not exist.

    clear_slots: load a copy without slot variables, made in the folder scratch, which does not exist, too. Paths are absolute.
    """

    source: str
    target: str
    scratch: str
    tags: tuple[str, ...]
    signatures: tuple[str, ...]
    way: PruningWay
    clear_slots: bool = False


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was written: bytes of all files, entries of the checkpoint, and what was repaired."""

    size_bytes: int
    entry_count: int
    tensorflow: str
    cleared_slots: int = 0
    restored: int = 0
    """Variables that the original's signatures read and its restore operation leaves out, so that no session can run them."""
