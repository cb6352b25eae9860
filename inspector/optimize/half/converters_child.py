"""The converters, each behind the same door: a model without large weights in, a converted one out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from importlib.metadata import version
from typing import Any, Final

from onnx import ModelProto

from inspector.optimize.half.graph_walk_child import all_nodes
from inspector.optimize.half.messages import Converter
from inspector.optimize.half.names_child import Names


def _onnxruntime(model: ModelProto, keep: Collection[str]) -> Any:
    from onnxruntime.transformers.float16 import convert_float_to_float16

    return convert_float_to_float16(model, keep_io_types=True, disable_shape_infer=True, node_block_list=list(keep))


def _onnxconverter_common(model: ModelProto, keep: Collection[str]) -> Any:
    from onnxconverter_common.float16 import convert_float_to_float16

    placeholders = _name_omitted_outputs(model)
    converted = convert_float_to_float16(
        model,
        min_positive_val=2.0**-24,
        max_finite_val=65504.0,
        keep_io_types=True,
        disable_shape_infer=True,
        node_block_list=list(keep),
        check_fp16_ready=False,
    )
    _omit_again(converted, placeholders)
    return converted


def _name_omitted_outputs(model: ModelProto) -> set[str]:
    """Name the outputs that are left out, which onnxconverter-common takes for one tensor that omitted inputs wait for."""
    names, given = Names(model), set[str]()
    for node in all_nodes(model):
        for index, name in enumerate(node.output):
            if not name:
                node.output[index] = names.fresh("omitted")
                given.add(node.output[index])
    return given


def _omit_again(model: ModelProto, placeholders: Collection[str]) -> None:
    """Leave those outputs out again."""
    for node in all_nodes(model):
        for index, name in enumerate(node.output):
            if name in placeholders:
                node.output[index] = ""


def _onnxsim(model: ModelProto, keep: Collection[str]) -> Any:  # noqa: ARG001 - it knows no nodes to leave alone
    import onnxsim

    return onnxsim.quantize_fp16(model, keep_io_types=True)


CONVERTERS: Final[Mapping[Converter, Callable[[ModelProto, Collection[str]], Any]]] = {
    "onnxruntime": _onnxruntime,
    "onnxconverter-common": _onnxconverter_common,
    "onnxsim": _onnxsim,
}


def tool_version(converter: Converter) -> str:
    """Return the converter's package and version; of our own rung, onnx's."""
    package = {"weights only": "onnx"}.get(converter, converter)
    return f"{package} {version(package)}"
