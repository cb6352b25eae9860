"""The two ways to load a SavedModel, by what they read."""

from __future__ import annotations

from typing import Final, Literal

Loader = Literal["auto", "objects", "session"]
"""objects: tf.saved_model.load, with its object graph; session: graph and checkpoint only, as model servers load it; auto:
objects, or a session where objects are refused for the slot variables of an optimizer that TensorFlow no longer knows."""

DEFAULT_SIGNATURE: Final = "serving_default"

SERVE_TAGS: Final = ("serve",)

SESSION_NOTE: Final = (
    "loaded into a session, as model servers do: tf.saved_model.load refuses the slot variables of its optimizer (add_slot)"
)
