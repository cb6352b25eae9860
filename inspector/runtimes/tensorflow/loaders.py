"""What loading a SavedModel goes by: the default signature, the tags, and what is said of the way it was loaded."""

from __future__ import annotations

from typing import Final

from inspector.records.runnable import Loader as Loader

DEFAULT_SIGNATURE: Final = "serving_default"

SERVE_TAGS: Final = ("serve",)

SESSION_NOTE: Final = (
    "loaded into a session, as model servers do: tf.saved_model.load refuses the slot variables of its optimizer (add_slot)"
)
