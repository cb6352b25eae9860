"""SignatureDef: named inputs and outputs, and which function or part of the graph they lead to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.wire import Source, Span, fields
from inspector.formats.saved_model.constants import Constant, ConstantReader
from inspector.formats.saved_model.dtypes import dtype_name
from inspector.formats.saved_model.meta_graph import RawMetaGraph
from inspector.formats.saved_model.shapes import open_shape
from inspector.records.graph import Signature
from inspector.records.saved_model import SignatureTensor
from inspector.records.tensor import TensorSpec

INIT_OP: Final = "__saved_model_init_op"
TRAIN_OP: Final = "__saved_model_train_op"
DEFAULT: Final = "serving_default"
_DEFAULTS: Final = 0x22
_SHOWN_VALUES: Final = 8


def signature_names(meta: RawMetaGraph) -> list[str]:
    """Return the signatures a request can name: all but those that only hold an operation to run."""
    return sorted(name for name in meta.signatures if name not in (INIT_OP, TRAIN_OP))


def default_signature(meta: RawMetaGraph) -> str:
    """Return the signature that a request which names none gets, else the first one; "" where there is none."""
    names = signature_names(meta)
    return DEFAULT if DEFAULT in names else next(iter(names), "")


def read_tensors(entries: Any, cleaner: TextCleaner, structured: Mapping[str, str]) -> tuple[SignatureTensor, ...]:
    """Return the inputs or outputs of a signature, sorted by name."""
    named = {cleaner.names[entry.key]: entry.value for entry in entries}
    return tuple(_tensor(name, named[name], cleaner, structured.get(name, "")) for name in sorted(named))


def _tensor(name: str, info: Any, cleaner: TextCleaner, structured: str) -> SignatureTensor:
    tensors, encoding = _encoded(info, cleaner)
    shape = open_shape(info.tensor_shape)
    return SignatureTensor(name, dtype_name(info.dtype), shape, tensors, encoding, structured)


def _encoded(info: Any, cleaner: TextCleaner) -> tuple[str, Literal["dense", "coo_sparse", "composite"]]:
    if info.HasField("coo_sparse"):
        sparse = info.coo_sparse
        parts = (sparse.values_tensor_name, sparse.indices_tensor_name, sparse.dense_shape_tensor_name)
        return ", ".join(cleaner.names[part] for part in parts), "coo_sparse"
    if info.HasField("composite_tensor"):
        return ", ".join(cleaner.names[part.name] for part in info.composite_tensor.components[:64]), "composite"
    return cleaner.names[info.name], "dense"


def read_defaults(source: Source, constants: ConstantReader, cleaner: TextCleaner, span: Span) -> dict[str, str]:
    """Return the values that a signature takes for inputs left out, as text, by input."""
    found = {}
    for tag, _, start, end in fields(source, *span):
        if tag != _DEFAULTS:
            continue
        key, tensor = "", None
        for inner, _, first, last in fields(source, start, end):
            if inner == 0x0A and last - first <= 16 * 1024:
                key = cleaner.names[source.read(first, last - first)]
            elif inner == 0x12:
                tensor = Span(first, last)
        if tensor is not None:
            found[key] = _value_text(constants.read(tensor))
    return found


def _value_text(constant: Constant) -> str:
    values = constant.texts if constant.texts is not None else constant.values
    if values is None:
        return f"{constant.dtype}[{','.join(map(str, constant.shape))}]"
    shown = [repr(one) if isinstance(one, str) else f"{one:g}" if isinstance(one, float) else str(one) for one in values]
    if not constant.shape:
        return shown[0] if shown else ""
    return f"[{', '.join(shown[:_SHOWN_VALUES])}{', …' if len(shown) > _SHOWN_VALUES else ''}]"


def shared_signature(name: str, inputs: tuple[SignatureTensor, ...], outputs: tuple[SignatureTensor, ...]) -> Signature:
    """Return the signature as every format has it."""

    def specs(tensors: tuple[SignatureTensor, ...]) -> tuple[TensorSpec, ...]:
        return tuple(TensorSpec(one.name, one.dtype, one.shape) for one in tensors)

    return Signature(name, specs(inputs), specs(outputs))
