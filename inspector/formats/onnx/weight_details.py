"""What reading one weight's values gives; a child process reads them, since a weight may be larger than memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.weight_answer import WeightAnswer, WeightRequest
from inspector.isolation.child import run_child
from inspector.isolation.limits import NUMPY_ON_ONE_THREAD, CancelToken, Limits
from inspector.records.artifact import Computation
from inspector.records.event import Event, Finished, Progress, Started
from inspector.records.tensor import Weight
from inspector.records.weight_details import WeightDetails

ENTRY: Final = "inspector.formats.onnx.weight_details_child:read_in_child"


def details(
    computation: Computation,
    weight: Weight,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    cancel: CancelToken | None = None,
) -> Iterator[Event[WeightDetails]]:
    """Yield how far the reading is, in bytes, and at last the statistics over all values of the weight.

    Element types that cannot be ordered (complex, string) have no extremes and no histogram; those of no known width only a
    digest. Raises ChildFailed, or OperationFailed where the values cannot be read.
    """
    yield Started(f"reading {weight.name}")
    if weight.storage.encoding == "none" and weight.element_count:
        raise OperationFailed(f"weight {weight.name} has no values in the file", "the file is damaged: export it again")
    files = tuple(
        replace(file, overlaps=(), gaps=()) for file in computation.external_files if file.location == weight.storage.path
    )
    path = os.fsencode(Path(computation.definition_path).absolute())
    request = WeightRequest(path, computation.artifact.size_bytes, weight, files if weight.storage.path else ())
    title = f"reading weight {weight.name} of {one_line(Path(computation.artifact.path).name)}"
    for event in run_child(ENTRY, request, WeightAnswer, limits, cancel, title=title, environment=NUMPY_ON_ONE_THREAD):
        yield event if isinstance(event, Progress) else Finished(_details(weight, event.result))


def _details(weight: Weight, answer: WeightAnswer) -> WeightDetails:
    return WeightDetails(
        weight,
        answer.minimum,
        answer.maximum,
        answer.mean,
        answer.deviation,
        answer.zero_count,
        answer.nan_count,
        answer.infinite_count,
        answer.histogram,
        answer.preview,
        answer.sha256,
    )
