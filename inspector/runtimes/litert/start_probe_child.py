"""What a start of LiteRT with a .tflite file has of its own; runtimes/start_probe.py runs this file in a process of its own.

It imports LiteRT only, and numpy, which that imports as well. The request holds, beside what every start has:

    package            "ai_edge_litert", or "tensorflow" for the interpreter it holds
    path, signature    absolute path of the file; name of the signature (empty: the default one)
    threads            0: as many as LiteRT has by default
    feed, names        path of the .npz of one feed by position, and the names of its inputs in that order
"""

from __future__ import annotations

from typing import Any

Request = dict[str, Any]


def load_runtime(request: Request) -> Any:
    """Import what is needed to serve."""
    if request["package"] == "tensorflow":
        import tensorflow

        return tensorflow.lite.Interpreter
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter


def _allocated(runtime: Any, request: Request) -> Any:
    """Return the interpreter; nobody wants to read which delegate it has made, which it would say on standard error."""
    import contextlib
    import os

    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        interpreter = runtime(model_path=request["path"], num_threads=request["threads"] or None)
        with contextlib.suppress(RuntimeError):  # at the lengths of the feed it may do; else the first run says why
            interpreter.allocate_tensors()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
    return interpreter


def open_artifact(runtime: Any, request: Request) -> Any:
    """Make the interpreter and allocate its tensors, as loading_child does; return a function of a feed by input name."""
    interpreter = _allocated(runtime, request)
    names = sorted(interpreter.get_signature_list())
    if names:
        default = "serving_default" if "serving_default" in names else names[0]
        return interpreter.get_signature_runner(request["signature"] or default)
    taken = {one["name"]: one["index"] for one in interpreter.get_input_details()}
    given = [one["index"] for one in interpreter.get_output_details()]

    def call(**feed: Any) -> list[Any]:
        for name, index in taken.items():
            interpreter.resize_tensor_input(index, feed[name].shape)
        interpreter.allocate_tensors()
        for name, index in taken.items():
            interpreter.set_tensor(index, feed[name])
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in given]

    return call


def read_feed(runtime: Any, call: Any, request: Request) -> dict[str, Any]:  # noqa: ARG001 - one for all runtimes
    """Return the feed."""
    import numpy

    with numpy.load(request["feed"], allow_pickle=False) as archive:
        arrays = {name: archive[str(place)] for place, name in enumerate(request["names"])}
    return {name: array.astype(object) if array.dtype.kind in "US" else array for name, array in arrays.items()}


def run(call: Any, feed: dict[str, Any]) -> None:
    """Run once, from numpy arrays to numpy arrays."""
    call(**feed)
