"""What signatures capture, saved as a new object graph: variables, tables and assets keep their paths in the old one."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from inspector.optimize.pruning.refusals_child import refusing
from inspector.optimize.pruning.requests import PruneRequest

Path = tuple[str, ...]

_RESOURCE_FUNCTIONS: Final = ("_create_resource", "_initialize", "_destroy_resource")
_SIGNATURES: Final = "signatures"
_TRAINING: Final = re.compile("optimizer|metric|loss")


def write_objects(tf: Any, source: str, request: PruneRequest) -> None:
    """Load the SavedModel in source and save the signatures asked for, with what they capture, into request.target.

    Raises OperationFailed, MemoryError.
    """
    with refusing("TensorFlow cannot load it"):
        loaded = tf.saved_model.load(source, tags=list(request.tags) or None)
    with refusing("TensorFlow cannot save it again"):
        signatures = {name: loaded.signatures[name] for name in request.signatures}
        root = _served_root(tf, loaded, signatures.values())
        options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
        tf.saved_model.save(root, request.target, signatures=signatures, options=options)


def _served_root(tf: Any, loaded: Any, functions: Iterable[Any]) -> Any:
    """Return a new root that holds, each at its old path, the objects that the functions capture, and what those need."""
    paths, objects = _walk(tf, loaded)
    owners = {id(tensor): key for key, one in objects.items() for tensor in _tensors(tf, one)}
    kept = {key for key, one in objects.items() if _runs_at_load(tf, one)}
    waiting = deque([*_captured(functions, owners), *kept])
    kept.clear()
    while waiting:
        key = waiting.popleft()
        if key not in kept:
            kept.add(key)
            waiting.extend(_captured(_functions_of(objects[key]), owners))
    root = tf.Module()
    places: dict[Path, Any] = {(): root}
    for path, key in sorted((paths[key], key) for key in kept):
        _place(tf, places, path, objects[key])
    return root


def _walk(tf: Any, loaded: Any) -> tuple[dict[int, Path], dict[int, Any]]:
    """Return the shortest path of every object and the object, by its id; signatures are not followed.

    A way that leads through an optimizer or a metric is taken only where there is no other: what is kept is neither's.
    """
    view = tf.train.TrackableView(loaded)
    paths: dict[int, Path] = {id(loaded): ()}
    objects: dict[int, Any] = {id(loaded): loaded}
    waiting, deferred, late = deque([loaded]), list[Any](), False
    while waiting or deferred:
        if not waiting:
            waiting, deferred, late = deque(deferred), [], True
        one = waiting.popleft()
        for name, child in view.children(one).items():
            if id(child) in paths or (one is loaded and name == _SIGNATURES):
                continue
            if _TRAINING.search(name) and not late:
                deferred.append(one)
                continue
            paths[id(child)] = (*paths[id(one)], name)
            objects[id(child)] = child
            waiting.append(child)
    return paths, objects


def _tensors(tf: Any, one: Any) -> Iterator[Any]:
    """Yield the tensors by which functions capture an object."""
    if isinstance(one, tf.Variable):
        yield one.handle
    elif isinstance(one, tf.saved_model.Asset):
        yield one.asset_path
    elif _is_resource(one):
        yield one.resource_handle


def _is_resource(one: Any) -> bool:
    return all(hasattr(type(one), name) for name in ("_create_resource", "resource_handle"))


def _runs_at_load(tf: Any, one: Any) -> bool:
    """Tell whether an object is no resource that a function would capture but code that runs when it is loaded."""
    return _is_resource(one) and one.resource_handle.dtype != tf.resource


def _functions_of(one: Any) -> Iterator[Any]:
    """Yield the functions by which a table is made and filled, which capture its assets."""
    for name in _RESOURCE_FUNCTIONS if _is_resource(one) else ():
        yield from getattr(getattr(one, name, None), "concrete_functions", ())


def _captured(functions: Iterable[Any], owners: Mapping[int, int]) -> Iterator[int]:
    for function in functions:
        for tensor in function.captured_inputs:
            if id(tensor) in owners:
                yield owners[id(tensor)]


def _place(tf: Any, places: dict[Path, Any], path: Path, one: Any) -> None:
    """Put an object at its path below the root, making what lies between; what a kept object holds itself stays there."""
    parent = places[()]
    for depth in range(1, len(path)):
        before = path[:depth]
        if before not in places:
            places[before] = tf.Module()
            parent._track_trackable(places[before], before[-1], overwrite=True)
        parent = places[before]
        if type(parent) is not tf.Module:
            return
    parent._track_trackable(one, path[-1], overwrite=True)
    places[path] = one
