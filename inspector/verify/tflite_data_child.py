"""Reading a user's samples for a signature of a .tflite file as a child process does it."""

from __future__ import annotations

from inspector.verify.data import DataAnswer, TFLiteDataRequest
from inspector.verify.data_archive_child import Archive
from inspector.verify.data_child import Report, lay_out
from inspector.verify.data_specs_child import named_as_known
from inspector.verify.tflite_inputs_child import loaded_tflite


def read_in_child(request: TFLiteDataRequest, report: Report) -> DataAnswer:
    """Check the file against the signature and lay its samples out by use. Raises UsageError, OperationFailed."""
    data = request.data
    with Archive(data.path, data.label) as archive:
        loaded = loaded_tflite(data.model, request.model_label, request.signature, data.threads)
        return lay_out(archive, data, named_as_known(loaded.inputs, data.rules), loaded.run, report)
