"""Loading a SavedModel with its object graph even where an optimizer's slot variables are in the way. In children only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from inspector.errors import OperationFailed
from inspector.formats.saved_model.slot_variables import write_without_slots
from inspector.records.runnable import Runnable
from inspector.runtimes.tensorflow.messages import is_want_of_memory, refusal_text

SLOTS_CLEARED: Final = "slot variables of the optimizer were taken out of the object graph: TensorFlow refuses them"


def load_objects(call: Runnable, scratch: str) -> tuple[Any, tuple[str, ...]]:
    """Return what tf.saved_model.load gives for the folder of a call, and what had to be repaired for that.

    A copy of the definition without slot variables is written into scratch where the call says that a session is needed.
    Raises OperationFailed with TensorFlow's reason in one line, MemoryError.
    """
    import tensorflow as tf

    has_slots = call.loader == "session"
    folder = loadable_copy(Path(call.path), Path(scratch, "without_slots")) if has_slots else call.path
    try:
        return tf.saved_model.load(folder, tags=list(call.tags) or None), (SLOTS_CLEARED,) if has_slots else ()
    except Exception as error:  # TensorFlow's errors share no base class with Python's own that it raises, too
        text = refusal_text(error)
        if is_want_of_memory(error):
            raise MemoryError(text) from None
        raise OperationFailed(f"TensorFlow cannot load it: {text}") from None


def loadable_copy(source: Path, target: Path) -> str:
    """Return a folder with a copy of the SavedModel without slot variables, which is written where it is not there yet."""
    if not target.exists():
        write_without_slots(source, target)
    return str(target)
