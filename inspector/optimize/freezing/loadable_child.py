"""Loading a SavedModel with its object graph even where an optimizer's slot variables are in the way. In children only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from inspector.errors import OperationFailed
from inspector.records.runnable import Runnable
from inspector.runtimes.tensorflow.messages import is_want_of_memory, refusal_text

SLOTS_CLEARED: Final = "slot variables of the optimizer were taken out of the object graph: TensorFlow refuses them"

_BESIDE: Final = ("variables", "assets")


def load_objects(call: Runnable, scratch: str) -> tuple[Any, tuple[str, ...]]:
    """Return what tf.saved_model.load gives for the folder of a call, and what had to be repaired for that.

    A copy of the definition without slot variables is written into scratch where the call says that a session is needed.
    Raises OperationFailed with TensorFlow's reason in one line, MemoryError.
    """
    import tensorflow as tf

    has_slots = call.loader == "session"
    try:
        folder = without_slots(call.path, scratch) if has_slots else call.path
        return tf.saved_model.load(folder, tags=list(call.tags) or None), (SLOTS_CLEARED,) if has_slots else ()
    except Exception as error:  # TensorFlow's errors share no base class with Python's own that it raises, too
        text = refusal_text(error)
        if is_want_of_memory(error):
            raise MemoryError(text) from None
        raise OperationFailed(f"TensorFlow cannot load it: {text}") from None


def without_slots(path: str, scratch: str) -> str:
    """Write the definition at path without slot variables into scratch, beside links to its data; return scratch."""
    from tensorflow.python.saved_model.loader_impl import parse_saved_model

    definition = parse_saved_model(path)
    for meta_graph in definition.meta_graphs:
        for node in meta_graph.object_graph_def.nodes:
            node.ClearField("slot_variables")
    target = Path(scratch)
    target.mkdir(parents=True, exist_ok=True)
    (target / "saved_model.pb").write_bytes(definition.SerializeToString())
    for name in _BESIDE:
        link, origin = target / name, Path(path).absolute() / name
        if origin.is_dir() and not link.is_symlink():
            link.symlink_to(origin, target_is_directory=True)
    return str(target)
