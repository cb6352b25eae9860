"""Rungs tried one after the other until one gives a .tflite that holds what it must, as a child process does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from inspector.errors import InspectorError, OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.optimize.litert.calibration_child import Samples
from inspector.optimize.litert.converter_child import CALIBRATED, Copies, converter_for, kept_in_floats
from inspector.optimize.litert.halves_child import halved
from inspector.optimize.litert.messages import Contents, Converted, ConvertRequest, Rung, RungFailure, WantedSignature
from inspector.optimize.litert.reasons import EMPTY_VARIABLES, conversion_reason, missing_operators
from inspector.optimize.litert.schema_child import contents_of, has_empty_variables
from inspector.runtimes.tensorflow.loading_child import import_tensorflow
from inspector.runtimes.tensorflow.messages import is_want_of_memory

Report = Callable[[int, int, str], None]

_MOST_TOLD_APART: Final = 8
"""Signatures that are converted one by one to find out which cannot be."""

NO_SLOTS: Final = "the slot variables of its optimizer are left out, which TensorFlow refuses to load"


@dataclass(slots=True)
class _Work:
    tf: Any
    request: ConvertRequest
    copies: Copies


def convert_in_child(request: ConvertRequest, report: Report) -> Converted:
    """Try each rung until one gives a file. Raises UsageError without TensorFlow, MemoryError, OperationFailed where the
    file cannot be written; what a rung raises otherwise is in the answer."""
    tf = import_tensorflow(request.threads)
    work = _Work(tf, request, Copies(tf, request.source, [one.name for one in request.signatures], request.folder))
    failures: list[RungFailure] = []
    repairs = (NO_SLOTS,) if request.source.has_slots else ()
    for done, rung in enumerate(request.rungs):
        report(done, len(request.rungs), f"converting to {request.numbers}, {rung.way}")
        start = time.monotonic()
        try:
            content, samples = _converted(work, rung, request.signatures)
            contents = contents_of(content)
            _refuse_what_lacks(contents, content, request)
        except Exception as error:  # converters raise whatever they like
            if is_want_of_memory(error):
                raise MemoryError(str(error)[:200]) from None
            failures.append(_failure(work, rung, error, time.monotonic() - start))
            continue
        _write(request.output, content)
        used, unfit = (samples.used, samples.unfit) if request.numbers in CALIBRATED else (0, 0)
        return Converted(rung, contents, tuple(failures), str(tf.__version__), repairs, used, unfit)
    return Converted(None, None, tuple(failures), str(tf.__version__), repairs)


def _converted(work: _Work, rung: Rung, signatures: Sequence[WantedSignature]) -> tuple[bytes, Samples]:
    request = work.request
    converter, samples = converter_for(work.tf, work.copies.folder(rung), rung, request.numbers, signatures)
    if request.kept:
        return kept_in_floats(work.tf, converter, samples, request.kept), samples
    content = bytes(converter.convert())
    return halved(content) if request.numbers == "large float16" else content, samples


def _refuse_what_lacks(contents: Contents, content: bytes, request: ConvertRequest) -> None:
    """Raise OperationFailed where signatures, names or values are missing in the file, or a path of this machine is in it."""
    if has_empty_variables(contents):
        raise OperationFailed(EMPTY_VARIABLES)
    for wanted in request.signatures:
        held = contents.signatures.get(wanted.name)
        if held is None:
            raise OperationFailed(f'the converter left signature "{plain_line(wanted.name, 60)}" out')
        for kind, names, there in (("input", wanted.inputs, held[0]), ("output", wanted.outputs, held[1])):
            if missing := [name for name in names if name not in there]:
                raise OperationFailed(
                    f'the converter left {kind} "{plain_line(missing[0], 60)}" of signature "{plain_line(wanted.name, 60)}" out'
                )
    if any(text and text.encode() in content for text in request.private):
        raise OperationFailed("the converter wrote a path of this machine into the file")


def _failure(work: _Work, rung: Rung, error: Exception, seconds: float) -> RungFailure:
    """Return why a rung failed, and of several signatures which ones cannot be converted."""
    if isinstance(error, InspectorError):
        return RungFailure(rung, error.message, (), seconds)
    reason = conversion_reason(error, _guilty(work, rung))
    return RungFailure(rung, reason, missing_operators(error), seconds)


def _guilty(work: _Work, rung: Rung) -> list[str]:
    """Return the raw names of signatures that fail alone, too."""
    signatures = work.request.signatures
    if len(signatures) == 1:
        return [signatures[0].name]
    found = []
    for one in signatures[:_MOST_TOLD_APART]:
        try:
            _converted(work, rung, [one])
        except Exception:
            found.append(one.name)
    return found


def _write(path: str, content: bytes) -> None:
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise OperationFailed(
            f"the work folder cannot hold the .tflite: {error.strerror or error}", "free some space, or set TMPDIR"
        ) from None
