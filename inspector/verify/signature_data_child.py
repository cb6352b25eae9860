"""Reading a user's samples for a signature of a SavedModel as a child process does it."""

from __future__ import annotations

from dataclasses import replace

from inspector.formats.clean_text import TextCleaner
from inspector.records.tensor import TensorSpec
from inspector.runtimes.tensorflow.loading_child import import_tensorflow
from inspector.verify.data import DataAnswer, SignatureDataRequest
from inspector.verify.data_archive_child import Archive
from inspector.verify.data_child import Report, lay_out
from inspector.verify.signature_inputs_child import loaded_signature


def read_in_child(request: SignatureDataRequest, report: Report) -> DataAnswer:
    """Check the file against the signature and lay its samples out by use. Raises UsageError, OperationFailed."""
    data = request.data
    with Archive(data.path, data.label) as archive:
        import_tensorflow(data.threads)
        loaded = loaded_signature(data.model, request.model_label, request.signature, request.tags, request.loader)
        cleaner = TextCleaner()
        known = {rule.name: TensorSpec(rule.name, rule.dtype, rule.shape) for rule in data.rules}
        specs = [_named(spec, known.get(cleaner.clean(spec.name))) for spec in loaded.inputs]
        return lay_out(archive, data, specs, loaded.run, report)


def _named(spec: TensorSpec, known: TensorSpec | None) -> TensorSpec:
    """Return an input as TensorFlow has it, its open dimensions under the names that inputs are made with."""
    if known is None or spec.shape is None or known.shape is None or len(known.shape) != len(spec.shape):
        return spec
    return replace(spec, shape=known.shape)
