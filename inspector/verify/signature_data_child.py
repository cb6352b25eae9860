"""Reading a user's samples for a signature of a SavedModel as a child process does it."""

from __future__ import annotations

from inspector.runtimes.tensorflow.loading_child import import_tensorflow
from inspector.verify.data import DataAnswer, SignatureDataRequest
from inspector.verify.data_archive_child import Archive
from inspector.verify.data_child import Report, lay_out
from inspector.verify.data_specs_child import named_as_known
from inspector.verify.signature_inputs_child import loaded_signature


def read_in_child(request: SignatureDataRequest, report: Report) -> DataAnswer:
    """Check the file against the signature and lay its samples out by use. Raises UsageError, OperationFailed."""
    data = request.data
    with Archive(data.path, data.label) as archive:
        import_tensorflow(data.threads)
        loaded = loaded_signature(data.model, request.model_label, request.signature, request.tags, request.loader)
        return lay_out(archive, data, named_as_known(loaded.inputs, data.rules), loaded.run, report)
