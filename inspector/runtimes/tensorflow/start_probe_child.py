"""What a start of TensorFlow with a SavedModel has of its own; runtimes/start_probe.py runs this file in a process of its own.

It imports tensorflow only, and numpy, which that imports as well. The request holds, beside what every start has:

    path, tags, signature   absolute path of the folder; tags of the MetaGraph (empty: there is one only); name of the signature
    threads                 within and between operators; 0: as TensorFlow chooses
    loader                  "objects" or "session", see loaders.py
    device                  "cpu" or "cuda"
    feed, names             path of the .npz of one feed by position, and the names of its inputs in that order
"""

from __future__ import annotations

from typing import Any

Request = dict[str, Any]


def load_runtime(request: Request) -> Any:  # noqa: ARG001 - one for all runtimes
    """Import what is needed to serve."""
    import tensorflow

    return tensorflow


def open_artifact(runtime: Any, request: Request) -> Any:
    """Load the SavedModel, with the options that loading_child gives it; return a function of a feed by input name."""
    if request["threads"]:
        runtime.config.threading.set_intra_op_parallelism_threads(request["threads"])
        runtime.config.threading.set_inter_op_parallelism_threads(request["threads"])
    if request["device"] == "cuda" and not runtime.config.list_physical_devices("GPU"):
        raise RuntimeError("TensorFlow sees no graphics card")
    return (_by_session if request["loader"] == "session" else _by_objects)(runtime, request)


def _by_objects(runtime: Any, request: Request) -> Any:
    loaded = runtime.saved_model.load(request["path"], tags=request["tags"] or None)
    function = loaded.signatures[request["signature"]]
    types = {name: spec.dtype for name, spec in function.structured_input_signature[1].items()}
    flatten = runtime.nest.flatten

    def call(feed: dict[str, Any], owner: Any = loaded) -> list[Any]:  # noqa: ARG001 - functions refer to variables weakly
        results = function(**{name: runtime.constant(feed[name], element) for name, element in types.items()})
        return [part.numpy() for part in flatten(results, expand_composites=True)]

    return call


def _by_session(runtime: Any, request: Request) -> Any:
    v1 = runtime.compat.v1
    settings = v1.ConfigProto(intra_op_parallelism_threads=request["threads"], inter_op_parallelism_threads=request["threads"])
    session = v1.Session(graph=runtime.Graph(), config=settings)
    definition = v1.saved_model.load(session, request["tags"], request["path"]).signature_def[request["signature"]]
    inputs = sorted(definition.inputs)
    run_session = session.make_callable(
        [one.name for one in definition.outputs.values()], [definition.inputs[name].name for name in inputs]
    )

    def call(feed: dict[str, Any]) -> list[Any]:
        return list(run_session(*(feed[name] for name in inputs)))

    return call


def read_feed(runtime: Any, call: Any, request: Request) -> dict[str, Any]:  # noqa: ARG001 - one for all runtimes
    """Return the feed."""
    import numpy

    with numpy.load(request["feed"], allow_pickle=False) as archive:
        arrays = {name: archive[str(place)] for place, name in enumerate(request["names"])}
    return {name: array.astype(object) if array.dtype.kind in "US" else array for name, array in arrays.items()}


def run(call: Any, feed: dict[str, Any]) -> None:
    """Run once, from numpy arrays to numpy arrays."""
    call(feed)
