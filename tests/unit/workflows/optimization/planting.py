"""Candidates with planted faults, and optimizers that propose them: what the judge is there to find."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, numpy_helper

from inspector.isolation.limits import CancelToken
from inspector.optimize.optimizer import Judge, StepWork
from inspector.records.event import Steps
from inspector.records.optimization import Candidate, OptimizerName, OptimizeSettings, Outcome, Preflight, Subject

Alteration = Callable[[ModelProto], ModelProto]


class Altering:
    """An optimizer whose one candidate is the subject, altered."""

    title = "an alteration"
    description = "Proposes the subject with something altered."

    def __init__(self, alter: Alteration, name: OptimizerName = "simplify") -> None:
        self.name: OptimizerName = name
        self._alter = alter

    def requires(self, subject: Subject, settings: OptimizeSettings) -> Preflight:
        return Preflight(True, choice="alter it")

    def apply(self, subject: Subject, work: StepWork, judge: Judge, cancel: CancelToken) -> Steps[Outcome]:
        path = Path(work.folder, "altered.onnx")
        path.write_bytes(self._alter(onnx.load(subject.path)).SerializeToString())
        candidate = Candidate(str(path), "altered", ("altered by a test",))
        judgement = yield from judge(candidate)
        if judgement.passed:
            return Outcome(candidate, judgement, "it passed")
        return Outcome(None, None, judgement.reason)


def unaltered(model: ModelProto) -> ModelProto:
    return model


def one_weight_scaled(model: ModelProto) -> ModelProto:
    """Multiply the first float weight by 1.2: everything loads, nothing is right."""
    weight = next(one for one in model.graph.initializer if one.data_type == onnx.TensorProto.FLOAT)
    weight.CopyFrom(numpy_helper.from_array((numpy_helper.to_array(weight) * 1.2).astype(np.float32), weight.name))
    return model


def output_renamed(model: ModelProto) -> ModelProto:
    old = model.graph.output[0].name
    model.graph.output[0].name = "renamed"
    for node in model.graph.node:
        for at, name in enumerate(node.output):
            if name == old:
                node.output[at] = "renamed"
    return model


def batch_fixed(model: ModelProto) -> ModelProto:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    return model


def unknown_operator(model: ModelProto) -> ModelProto:
    model.graph.node[0].op_type = "NoSuchOperator"
    return model


def private_operator(model: ModelProto) -> ModelProto:
    """An operator of a domain that the checker cannot know and no runtime has."""
    model.graph.node[0].domain = "private"
    model.opset_import.append(onnx.helper.make_opsetid("private", 1))
    return model
