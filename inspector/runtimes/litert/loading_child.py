"""How a .tflite file is loaded and a signature of it run: the one place that knows. In children only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NoReturn

from inspector.errors import InspectorError
from inspector.isolation.plain_line import plain_line
from inspector.records.tensor import Dim, TensorSpec
from inspector.runtimes.litert.interpreters_child import bare_interpreter, make_interpreter
from inspector.runtimes.litert.messages import is_want_of_memory, refusal
from inspector.runtimes.litert.signature_names import chosen
from inspector.runtimes.litert.tensors_child import described_tensor, numpy_type, shape_text
from inspector.runtimes.loaded_signature import LoadedSignature
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CANNOT_LOAD: Final = "LiteRT cannot load it"
_CANNOT_RUN: Final = "LiteRT cannot run it"
_NO_RENAMES: Final[Mapping[str, str]] = {}

Feed = Mapping[str, "NDArray[Any]"]
Call = Callable[[Feed], list["NDArray[Any]"]]


def load_signature(
    path: str, signature: str = "", threads: int = 0, renamed: Mapping[str, str] = _NO_RENAMES
) -> LoadedSignature:
    """Load a .tflite file and return a signature of it ("": the default one), its inputs and outputs sorted by name.

    A file without signatures has one of no name: its tensors in the order of the file, by their own names. renamed holds, by
    the name that is used here, what the file calls an input or output. Dimensions that are open take the length each feed has,
    others must fit. Quantized values are passed as they are. threads 0: as many as LiteRT has by default, one. Raises
    RuntimeRefused with one clean line, UsageError where there is no such signature or no LiteRT, MemoryError.
    """
    described = _described(path, signature)
    caller = _Caller(path, threads, described)
    caller.prepare()
    if not renamed:
        names = tuple(spec.name for spec in described.outputs)
        return LoadedSignature(described.name, described.inputs, names, caller.run, (), described.outputs)
    return _renamed(described, caller, {there: name for name, there in renamed.items()})


def _renamed(described: _Described, caller: _Caller, ours: Mapping[str, str]) -> LoadedSignature:
    """Return it with names that are ours by those of the file; outputs stay sorted by the name they are given."""
    inputs = tuple(replace(spec, name=ours.get(spec.name, spec.name)) for spec in described.inputs)
    given = [ours.get(spec.name, spec.name) for spec in described.outputs]
    order = sorted(range(len(given)), key=given.__getitem__) if described.indices is None else range(len(given))
    there = {spec.name: known.name for spec, known in zip(inputs, described.inputs, strict=True)}

    def run(feed: Feed) -> list[NDArray[Any]]:
        results = caller.run({there.get(name, name): array for name, array in feed.items()})
        return [results[place] for place in order]

    outputs = tuple(replace(described.outputs[place], name=given[place]) for place in order)
    return LoadedSignature(described.name, inputs, tuple(spec.name for spec in outputs), run, (), outputs)


@dataclass(frozen=True, slots=True)
class _Described:
    """What a file says of a signature; indices are those of its tensors, for a file that has no signatures."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    indices: tuple[tuple[int, ...], tuple[int, ...]] | None = None


def _described(path: str, signature: str) -> _Described:
    """Read what the file says of a signature. Raises RuntimeRefused, UsageError."""
    try:
        interpreter = bare_interpreter(path)
        name = chosen(signature, tuple(interpreter.get_signature_list()))
        if not name:
            taken, given = interpreter.get_input_details(), interpreter.get_output_details()
            indices = tuple(int(one["index"]) for one in taken), tuple(int(one["index"]) for one in given)
            inputs, outputs = (tuple(described_tensor(one["name"], one) for one in each) for each in (taken, given))
            return _Described("", _told_apart(inputs), outputs, indices)
        runner = interpreter.get_signature_runner(name)
        inputs, outputs = (
            tuple(described_tensor(each, details[each]) for each in sorted(details))
            for details in (runner.get_input_details(), runner.get_output_details())
        )
        return _Described(name, inputs, outputs)
    except Exception as error:
        _raise(_CANNOT_LOAD, error)


def _told_apart(inputs: Sequence[TensorSpec]) -> tuple[TensorSpec, ...]:
    """Return inputs that have different names; raises RuntimeRefused for others, which no feed can name."""
    seen: set[str] = set()
    for spec in inputs:
        if spec.name in seen:
            raise RuntimeRefused(f'it has no signature, and two inputs are called "{plain_line(spec.name, 80)}"')
        seen.add(spec.name)
    return tuple(inputs)


class _Caller:
    """Calls a signature; the interpreter is made anew after a failure, since its state and its messages outlast that."""

    def __init__(self, path: str, threads: int, described: _Described) -> None:
        self._path = path
        self._threads = threads
        self._described = described
        self._types = tuple((spec, numpy_type(spec.dtype)) for spec in described.inputs)
        self._names = frozenset(spec.name for spec in described.inputs)
        self._accepted: dict[str, tuple[int, ...]] = {}
        self._said = ""
        self._call: Call | None = None

    def prepare(self) -> None:
        """Make the interpreter. Raises RuntimeRefused for what no feed could mend, such as an operator that is not known."""
        described = self._described
        try:
            interpreter, failure = make_interpreter(self._path, self._threads)
        except Exception as error:
            _raise(_CANNOT_LOAD, error)
        if failure is not None and (refusal(failure).at_once or is_want_of_memory(failure)):
            _raise(_CANNOT_LOAD, failure)
        self._said = "" if failure is None else str(failure)  # at other lengths of its open dimensions it may do
        self._call = _by_signature(interpreter, described) if described.indices is None else _by_tensors(interpreter, described)

    def run(self, feed: Feed) -> list[NDArray[Any]]:
        """Run it; the outputs are copies. Raises RuntimeRefused."""
        self._check(feed)
        if self._call is None:
            self.prepare()
        try:
            return self._call(feed)  # type: ignore[misc]  # prepare() has set it
        except Exception as error:
            self._call = None
            _raise(_CANNOT_RUN, error, self._said)

    def _check(self, feed: Feed) -> None:
        """Raise RuntimeRefused for a feed that does not fit: LiteRT resizes fixed dimensions, too, and says little of names."""
        for spec, dtype in self._types:
            array = feed.get(spec.name)
            if array is None:
                raise RuntimeRefused(f"{_CANNOT_RUN}: nothing is fed to its input {_quoted(spec.name)}")
            if array.dtype != dtype and not (spec.dtype == "string" and array.dtype.kind in "US"):
                raise RuntimeRefused(f"{_CANNOT_RUN}: input {_quoted(spec.name)} is {array.dtype.name}, expected {spec.dtype}")
            if array.shape == self._accepted.get(spec.name):
                continue
            if spec.shape and not _fits(array.shape, spec.shape):
                shown = f"has the shape {shape_text(array.shape)}, expected {shape_text(spec.shape)}"
                raise RuntimeRefused(f"{_CANNOT_RUN}: input {_quoted(spec.name)} {shown}")
            self._accepted[spec.name] = array.shape
        if len(feed) > len(self._names):
            raise RuntimeRefused(
                f"{_CANNOT_RUN}: it has no input {_quoted(next(one for one in feed if one not in self._names))}"
            )


def _by_signature(interpreter: Any, described: _Described) -> Call:
    runner = interpreter.get_signature_runner(described.name)
    names = tuple(spec.name for spec in described.outputs)

    def call(feed: Feed) -> list[NDArray[Any]]:
        results = runner(**feed)
        return [results[name] for name in names]

    return call


def _by_tensors(interpreter: Any, described: _Described) -> Call:
    taken, given = described.indices or ((), ())
    inputs = tuple(zip((spec.name for spec in described.inputs), taken, strict=True))
    shapes: dict[int, tuple[int, ...]] = {}

    def call(feed: Feed) -> list[NDArray[Any]]:
        changed = [(index, feed[name].shape) for name, index in inputs if shapes.get(index) != feed[name].shape]
        if changed:
            for index, shape in changed:
                interpreter.resize_tensor_input(index, shape)
            interpreter.allocate_tensors()
            shapes.update(changed)
        for name, index in inputs:
            interpreter.set_tensor(index, feed[name])
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in given]

    return call


def _fits(shape: Sequence[int], expected: Sequence[Dim]) -> bool:
    return len(shape) == len(expected) and all(
        wanted is None or length == wanted for length, wanted in zip(shape, expected, strict=True)
    )


def _quoted(name: str) -> str:
    return f'"{plain_line(name, 80)}"'


def _raise(what: str, error: Exception, before: str = "") -> NoReturn:
    """Raise what LiteRT raised as one line; before is what it had said earlier, which it says again."""
    if isinstance(error, InspectorError | MemoryError):
        raise error
    if is_want_of_memory(error):
        raise MemoryError(plain_line(str(error)))
    said = refusal(error, before)
    raise RuntimeRefused(f"{what}: {said.text}", said.hint) from None
