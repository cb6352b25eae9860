"""Reading a user's samples for a signature that nothing here can run, as a child process does it: by type and shape alone."""

from __future__ import annotations

from inspector.records.tensor import TensorSpec
from inspector.verify.data import DataAnswer, DataRequest
from inspector.verify.data_archive_child import Archive
from inspector.verify.data_child import Report, lay_out


def read_in_child(request: DataRequest, report: Report) -> DataAnswer:
    """Check the file against the inputs that the rules describe and lay its samples out by use. Raises UsageError."""
    specs = [TensorSpec(rule.name, rule.dtype, rule.shape) for rule in request.rules]
    with Archive(request.path, request.label) as archive:
        return lay_out(archive, request, specs, lambda _: None, report)
