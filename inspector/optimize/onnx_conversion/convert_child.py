"""Converting every signature of a SavedModel as a child process does it: loaded once, each by the first rung that works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.optimize.freezing.entry_child import Entry, entry_of
from inspector.optimize.freezing.loadable_child import load_objects
from inspector.optimize.onnx_conversion.dimensions_child import Dimensions, dimensions_of
from inspector.optimize.onnx_conversion.finish_child import finish, write
from inspector.optimize.onnx_conversion.graph_child import NoOperator, convert_graph
from inspector.optimize.onnx_conversion.requests import (
    Conversion,
    ConversionRequest,
    ConvertedSignature,
    FailedConversion,
    SignatureRequest,
)
from inspector.runtimes.tensorflow.loading_child import import_tensorflow

Report = Callable[[int, int, str], None]


def convert(request: ConversionRequest, report: Report) -> Conversion:
    """Convert each signature into its file. Raises OperationFailed where TensorFlow cannot load the SavedModel, MemoryError."""
    import_tensorflow()
    owner, repairs = load_objects(request.signatures[0].call, request.scratch)
    made: list[ConvertedSignature] = []
    failed: list[FailedConversion] = []
    for at, one in enumerate(request.signatures):
        report(at, len(request.signatures), one.call.signature)
        found = _convert_one(owner, one, request, failed)
        if found is not None:
            made.append(found)
    return Conversion(tuple(made), tuple(failed), repairs)


def _convert_one(
    owner: Any, one: SignatureRequest, request: ConversionRequest, failed: list[FailedConversion]
) -> ConvertedSignature | None:
    """Return the signature's model by the first rung that makes a valid one, or None; what failed is put on the list."""
    name = one.call.signature
    try:
        if name not in owner.signatures:
            raise OperationFailed("TensorFlow loads the SavedModel without it")
        entry = entry_of(owner.signatures[name])
        _refuse_rankless(entry)
        dimensions = dimensions_of(entry, one.inputs)
    except OperationFailed as error:
        failed.append(FailedConversion(name, 0, error.message, final=True))
        return None
    for place in range(len(request.rungs)):
        try:
            return _by_rung(owner, one, request, place, entry, dimensions)
        except NoOperator as error:
            failed.append(FailedConversion(name, place, error.message, final=True))
            return None
        except OperationFailed as error:
            failed.append(FailedConversion(name, place, error.message))
    return None


def _by_rung(
    owner: Any, one: SignatureRequest, request: ConversionRequest, place: int, entry: Entry, dimensions: Dimensions
) -> ConvertedSignature:
    model, stored = convert_graph(owner, entry, request.rungs[place], request.externally)
    renamed, repaired = finish(model, entry, dimensions, one.call.signature)
    write(model, stored, one.target, request.externally)
    return ConvertedSignature(one.call.signature, one.target, place, renamed, repaired)


def _refuse_rankless(entry: Entry) -> None:
    rankless = next((name for name, spec in entry.inputs if spec.shape.rank is None), None)
    if rankless is not None:
        raise OperationFailed(f'input "{plain_line(rankless, 60)}" has no rank: tf2onnx would take it for a scalar')
