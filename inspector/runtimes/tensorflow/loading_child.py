"""How a SavedModel is loaded and a signature of it run: the one place that knows. In children only."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import methodcaller
from typing import TYPE_CHECKING, Any, Final

from inspector.errors import OperationFailed, UsageError
from inspector.isolation.plain_line import plain_line
from inspector.records.tensor import TensorSpec
from inspector.runtimes.loaded_signature import LoadedSignature, Run
from inspector.runtimes.onnx_runtime.output_values import as_array
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused
from inspector.runtimes.tensorflow.availability import not_installed
from inspector.runtimes.tensorflow.loaders import DEFAULT_SIGNATURE, SERVE_TAGS, SESSION_NOTE, Loader
from inspector.runtimes.tensorflow.messages import SLOTS_REFUSED, is_want_of_memory, refusal_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

_INIT_OPS: Final = frozenset({"__saved_model_init_op", "__saved_model_train_op"})
_SEVERAL_TAG_SETS: Final = "more than one MetaGraph"
_CANNOT_LOAD: Final = "TensorFlow cannot load it"
_CANNOT_RUN: Final = "TensorFlow cannot run it"
_SLOTS_HINT: Final = "save it without its optimizer, as model.export(path) does"

_IN_PARTS: Final = 'output "{}" is made of several tensors (ragged or sparse), taken one after the other as one'

_refused_for_slots: set[str] = set()
"""Folders that are not tried as objects again, so that loading them takes the time of the way that works."""


def import_tensorflow(threads: int = 0, device: str = "cpu") -> Any:
    """Return the module, set to so many threads (0: as TensorFlow chooses) within and between operators.

    One number for both is what a model server's one option sets, too. A process has one setting, which the first call makes.
    Raises UsageError where there is no TensorFlow, or no graphics card
    for the device "cuda".
    """
    try:
        import tensorflow as tf
    except ModuleNotFoundError as error:
        if error.name == "tensorflow":
            raise not_installed() from None
        raise OperationFailed(f"TensorFlow cannot be imported: {plain_line(str(error))}", "install it again") from None
    except ImportError as error:
        raise OperationFailed(f"TensorFlow cannot be imported: {plain_line(str(error))}", "install it again") from None
    if threads:
        with contextlib.suppress(RuntimeError):  # it runs already, as the first one of this process set it
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
    if device == "cuda" and not tf.config.list_physical_devices("GPU"):
        raise UsageError("TensorFlow sees no graphics card", 'pip install "tensorflow[and-cuda]", or --device cpu')
    return tf


def load_signature(
    path: str, signature: str = "", tags: Sequence[str] = (), loader: Loader = "auto", device: str = "cpu"
) -> LoadedSignature:
    """Load the SavedModel in a folder; return a signature of it ("": the default one). See import_tensorflow() for threads.

    tags choose a MetaGraph; without any, the one that servers load. Raises RuntimeRefused, OperationFailed, MemoryError.
    """
    if loader == "session" or (loader == "auto" and path in _refused_for_slots):
        return _by_session(path, signature, tags or _serving_tags(path), device)
    try:
        return _by_objects(path, signature, tags, device)
    except RuntimeRefused as error:
        if loader == "objects" or SLOTS_REFUSED not in error.message:
            raise
    _refused_for_slots.add(path)
    return _by_session(path, signature, tags or _serving_tags(path), device)


def _by_objects(path: str, signature: str, tags: Sequence[str], device: str) -> LoadedSignature:
    """Load as tf.saved_model.load does: graph, checkpoint and object graph."""
    tf = import_tensorflow(device=device)
    place = _placement(tf, device)
    with place(), _refusing(_CANNOT_LOAD):
        try:
            loaded = tf.saved_model.load(path, tags=list(tags) or None)
        except ValueError as error:
            if tags or _SEVERAL_TAG_SETS not in str(error):
                raise
            loaded = tf.saved_model.load(path, tags=list(_serving_tags(path)))
    name = _chosen(signature, loaded.signatures)
    function = loaded.signatures[name]
    specs = function.structured_input_signature[1]
    inputs = tuple(_spec(each, specs[each]) for each in sorted(specs))
    outputs = tuple(sorted(function.structured_outputs))
    types = {each: specs[each].dtype for each in specs}

    given = function.structured_outputs
    readers = [(each, _reader(tf, given[each])) for each in outputs]
    notes = tuple(_IN_PARTS.format(plain_line(each, 60)) for each in outputs if not _is_dense(tf, given[each]))
    described = tuple(_spec(each, _spec_of(tf, given[each])) for each in outputs)
    constant = tf.constant

    def run(feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        try:
            results = function(**{each: constant(feed[each], element) for each, element in types.items()})
            return [read(results[each]) for each, read in readers]
        except Exception as error:
            raise _refusal(_CANNOT_RUN, error) from None

    def run_placed(feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        with place():
            return run(feed)

    if place is not contextlib.nullcontext:
        return LoadedSignature(name, inputs, outputs, _keeping(run_placed, loaded), notes, described)
    return LoadedSignature(name, inputs, outputs, _keeping(run, loaded), notes, described)


def _by_session(path: str, signature: str, tags: Sequence[str], device: str) -> LoadedSignature:
    """Load graph and checkpoint into a session, as model servers do; the object graph is not read."""
    tf = import_tensorflow(device=device)
    v1 = tf.compat.v1
    place = _placement(tf, device)
    threading = tf.config.threading
    settings = v1.ConfigProto(
        intra_op_parallelism_threads=threading.get_intra_op_parallelism_threads(),
        inter_op_parallelism_threads=threading.get_inter_op_parallelism_threads(),
    )
    with place(), _refusing(_CANNOT_LOAD, SLOTS_REFUSED):
        session = v1.Session(graph=tf.Graph(), config=settings)
        definitions = v1.saved_model.load(session, list(tags), path).signature_def
        name = _chosen(signature, definitions)
        definition = definitions[name]
        inputs, outputs = sorted(definition.inputs), sorted(definition.outputs)
        specs = tuple(_described(tf, each, definition.inputs[each]) for each in inputs)
        described = tuple(_described(tf, each, definition.outputs[each]) for each in outputs)
        call = session.make_callable(
            [definition.outputs[each].name for each in outputs], [definition.inputs[each].name for each in inputs]
        )

    def run(feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        try:
            return list(call(*[feed[each] for each in inputs]))
        except Exception as error:
            raise _refusal(_CANNOT_RUN, error) from None

    return LoadedSignature(name, specs, tuple(outputs), _keeping(run, session), (SESSION_NOTE,), described)


def _keeping(run: Run, owner: object) -> Run:
    """Return run with what it needs alive attached: functions only refer to their variables weakly."""
    run.owner = owner  # type: ignore[attr-defined]
    return run


def _chosen(wanted: str, offered: Mapping[str, Any]) -> str:
    """Return the raw name of the signature to call; raises UsageError where there is none of that name."""
    names = sorted(name for name in offered if name not in _INIT_OPS)
    if not names:
        raise OperationFailed("it has no signature to call", "save it with signatures=…")
    if not wanted:
        return DEFAULT_SIGNATURE if DEFAULT_SIGNATURE in names else names[0]
    if wanted not in names:
        held = ", ".join(plain_line(name, 60) for name in names[:12])
        raise UsageError(f'it has no signature "{plain_line(wanted, 80)}"; it has {held}', "name one of them")
    return wanted


def _serving_tags(path: str) -> tuple[str, ...]:
    """Return the tags of the MetaGraph that servers load: "serve" alone, else with the fewest more tags, else the first."""
    from tensorflow.python.saved_model.loader_impl import parse_saved_model

    with _refusing(_CANNOT_LOAD):
        sets = [tuple(meta.meta_info_def.tags) for meta in parse_saved_model(path).meta_graphs]
    serving = sorted((tags for tags in sets if "serve" in tags), key=len)
    return (serving or sets or [SERVE_TAGS])[0]


def _placement(tf: Any, device: str) -> Callable[[], contextlib.AbstractContextManager[Any]]:
    """Return what holds operators on the device; nothing where there is only one."""
    if not tf.config.list_physical_devices("GPU"):
        return contextlib.nullcontext
    return lambda: tf.device("/GPU:0" if device == "cuda" else "/CPU:0")


def _spec(name: str, spec: Any) -> TensorSpec:
    """Return an input as TensorFlow describes it as ours; what is no dense tensor keeps the name of its kind as dtype."""
    if type(spec).__name__ not in ("TensorSpec", "BoundedTensorSpec"):
        return TensorSpec(name, type(spec).__name__, None)
    return TensorSpec(name, str(spec.dtype.name), None if spec.shape.rank is None else tuple(spec.shape.as_list()))


def _described(tf: Any, name: str, info: Any) -> TensorSpec:
    """Return an input of a SignatureDef as ours."""
    if info.WhichOneof("encoding") != "name":
        return TensorSpec(name, str(info.WhichOneof("encoding")), None)
    shape = tf.TensorShape(info.tensor_shape)
    return TensorSpec(name, str(tf.dtypes.as_dtype(info.dtype).name), None if shape.rank is None else tuple(shape.as_list()))


def _is_dense(tf: Any, given: Any) -> bool:
    """Tell whether an output is one tensor: a graph of TensorFlow 1 has the tensor itself where others have its TensorSpec."""
    return isinstance(given, tf.TensorSpec | tf.Tensor)


def _spec_of(tf: Any, given: Any) -> Any:
    return tf.TensorSpec(given.shape, given.dtype) if isinstance(given, tf.Tensor) else given


def _reader(tf: Any, spec: Any) -> Callable[[Any], NDArray[Any]]:
    """Return what makes a numpy array of a result, waiting for it; of one made of several tensors, one of them all, flat."""
    if _is_dense(tf, spec):
        return methodcaller("numpy")
    return lambda value: as_array([part.numpy() for part in tf.nest.flatten(value, expand_composites=True)])


@contextlib.contextmanager
def _refusing(what: str, beside: str = "") -> Iterator[None]:
    """Turn whatever TensorFlow raises into RuntimeRefused with one line, want of memory into MemoryError.

    beside is said along with it: why it was tried this way.
    """
    try:
        yield
    except (OperationFailed, UsageError):
        raise
    except Exception as error:  # TensorFlow's errors share no base class with Python's own that it raises, too
        raise _refusal(what, error, beside) from None


def _refusal(what: str, error: Exception, beside: str = "") -> RuntimeRefused:
    """Return what TensorFlow raised as one line; where it was for want of memory, raise MemoryError."""
    text = refusal_text(error)
    if is_want_of_memory(error):
        raise MemoryError(text) from None
    hint = _SLOTS_HINT if text == SLOTS_REFUSED or beside else ""
    return RuntimeRefused(f"{what}: {beside}, and a session says: {text}" if beside else f"{what}: {text}", hint)
