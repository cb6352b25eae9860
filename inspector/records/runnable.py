"""What can be called: an artifact, or one signature of it, on the runtime that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RuntimeName = Literal["onnxruntime", "tensorflow", "litert"]

Loader = Literal["auto", "objects", "session"]
"""How TensorFlow loads a SavedModel; objects: tf.saved_model.load, with its object graph; session: graph and checkpoint only,
as model servers load it; auto: objects, or a session where objects are refused for the slot variables of an optimizer that
TensorFlow no longer knows."""


@dataclass(frozen=True, slots=True)
class Runnable:
    """One way to call an artifact: a file, or a SavedModel's folder, at an absolute path, and which of its signatures.

    signature is a raw name, "" the one that a request which names none gets; an ONNX model has one. tags and loader are
    TensorFlow's. Inputs and outputs are named as the signature names them; renamed holds, by that name, outputs that the file
    has under another one (an ONNX model cannot give an output the name of an input). Inputs keep their names.
    """

    path: str
    runtime: RuntimeName = "onnxruntime"
    signature: str = ""
    tags: tuple[str, ...] = ()
    loader: Loader = "objects"
    renamed: Mapping[str, str] = field(default_factory=dict)
