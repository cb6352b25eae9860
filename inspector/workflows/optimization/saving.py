"""Write what the steps came to where the user wants it: whole, with its contract inside, and read back before it counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import InspectorError, OperationFailed
from inspector.records.contract import CONTRACT_KEY
from inspector.records.event import Steps
from inspector.records.optimization import ModelFacts, Subject
from inspector.workflows.optimization.facts import model_facts

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken, Limits
    from inspector.records.contract import Contract


def save_subject(
    subject: Subject,
    target: Path,
    contract: Contract,
    protected: Sequence[Path],
    limits: Limits,
    cancel: CancelToken,
) -> Steps[ModelFacts]:
    """Write the model to target with the contract in its metadata, read it back, and return its facts.

    protected are files that are neither overwritten nor removed. Raises UsageError where target is one of them,
    OperationFailed where the system refuses, or what was written does not read back as what was proven.
    """
    from inspector.formats.contract_file.embedding import to_json
    from inspector.formats.onnx.read import read
    from inspector.formats.onnx.save import save_model

    properties = {CONTRACT_KEY: to_json(contract)}
    yield from save_model(subject.path, target, properties, cancel, limits, protected)
    try:
        written = model_facts(read(target))
    except InspectorError as error:
        raise OperationFailed(f"{target} was written and does not read back: {error.message}") from None
    proven = subject.facts
    if (written.node_count, written.parameter_count) != (proven.node_count, proven.parameter_count):
        raise OperationFailed(f"{target} was written and is not what was proven")
    return written
