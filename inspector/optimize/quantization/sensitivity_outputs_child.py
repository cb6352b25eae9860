"""What one node's quantization does to the model's outputs: a model that holds every node twice, and a switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper

from inspector.errors import OperationFailed
from inspector.optimize.quantization.sensitivity_sites_child import Site, SiteFinder
from inspector.optimize.quantization.sensitivity_sums_child import Sums
from inspector.runtimes.onnx_runtime.activations_model_child import ObservableModel
from inspector.runtimes.onnx_runtime.sessions import run_session

_SWITCH: Final = "switch/node"
_NOBODY: Final = -1

Feed = Mapping[str, NDArray[Any]]


class SwitchedModel:
    """The fp32 model in which any one of its sites can be computed as the quantized model does.

    Raises RuntimeRefused where the runtime refuses what was put together.
    """

    def __init__(
        self, original: ObservableModel, quantized: ObservableModel, finder: SiteFinder, sites: Sequence[Site], threads: int
    ) -> None:
        proto = _joined(original, quantized)
        _add_switches(proto, finder, sites)
        self._session = original.session_of(proto, threads)
        self._inputs = {one.name for one in self._session.get_inputs()}
        floats = ("tensor(float)", "tensor(float16)", "tensor(double)")
        self._outputs = [one.name for one in self._session.get_outputs() if one.type in floats]

    def outputs(self, feed: Feed, node: int = _NOBODY) -> list[NDArray[Any]]:
        """Return the float outputs with one node quantized, or none."""
        fed = {name: array for name, array in feed.items() if name in self._inputs}
        return run_session(self._session, {**fed, _SWITCH: np.array(node, np.int64)}, self._outputs)

    def worst(self, feeds: Sequence[Feed], exact: Sequence[Sequence[NDArray[Any]]], node: int) -> float | None:
        """Return the SQNR in dB of the output that quantizing the node changes most, None where nothing can be compared."""
        sums = [Sums() for _ in self._outputs]
        for feed, references in zip(feeds, exact, strict=True):
            for one, reference, changed in zip(sums, references, self.outputs(feed, node), strict=True):
                one.add(reference, changed)
        return min((one.decibels for one in sums if one.decibels is not None), default=None)


def _joined(original: ObservableModel, quantized: ObservableModel) -> ModelProto:
    """Return the original with the quantized model's weights and operator sets."""
    if {*original.data_folders(), *quantized.data_folders()} - {original.folder}:
        raise OperationFailed("the weights of both models lie in different folders: no model can hold both")
    proto = original.copy()
    stored = {one.name for one in proto.graph.initializer}
    proto.graph.initializer.extend(one for one in quantized.graph.initializer if one.name not in stored)
    known = {one.domain for one in proto.opset_import}
    proto.opset_import.extend(one for one in quantized.copy().opset_import if one.domain not in known)
    return proto


def _add_switches(proto: ModelProto, finder: SiteFinder, sites: Sequence[Site]) -> None:
    """Have every reference of a site computed twice, and the switch say which is passed on."""
    graph = proto.graph
    graph.input.append(helper.make_tensor_value_info(_SWITCH, TensorProto.INT64, []))
    exact = {name: f"{name}/exact" for site in sites for name in site.references}
    for node in graph.node:
        node.output[:] = [exact.get(name, name) for name in node.output]
    for site in sites:
        prefix = f"{site.node}/"
        graph.node.extend(finder.part(site, prefix))
        graph.initializer.append(helper.make_tensor(f"{prefix}index", TensorProto.INT64, [], [site.node]))
        graph.node.append(helper.make_node("Equal", [_SWITCH, f"{prefix}index"], [f"{prefix}on"], f"{prefix}on"))
        for reference, observed in zip(site.references, site.observed, strict=True):
            inputs = [f"{prefix}on", prefix + observed, exact[reference]]
            graph.node.append(helper.make_node("Where", inputs, [reference], f"{prefix}where {reference}"))
