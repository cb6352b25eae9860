"""What takes reading every byte: digests of the artifact and its external files, and equal weights confirmed to the last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from inspector.records.artifact import Computation
from inspector.records.event import Event, Finished, Partial, Started
from inspector.records.inspection import Inspection


def digest(computation: Computation) -> Iterator[Event[Computation]]:
    """Return the computation with the sha256 of the artifact and of every file of it that may be opened.

    Raises OperationFailed if the artifact cannot be read any more.
    """
    yield Started("computing digests")
    if computation.saved_model is None:
        from inspector.formats.onnx.digests import digest as digest_files

        yield from digest_files(computation)
    else:
        from inspector.formats.saved_model.digests import digest as digest_folder

        yield from digest_folder(computation)


def read_everything(inspection: Inspection) -> Iterator[Event[Inspection]]:
    """Return the inspection with digests and with every group of equal weights confirmed or dismissed.

    Raises OperationFailed as digest() does.
    """
    from inspector.workflows.weights import EVERYTHING, compare_weights

    for event in digest(inspection.computation):
        if isinstance(event, Finished):
            yield from compare_weights(replace(inspection, computation=event.result), EVERYTHING)
        elif not isinstance(event, Partial):
            yield event
