"""What one artifact scores on labelled samples: asked of a child, and kept beside the samples for the original."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation.child import run_child
from inspector.isolation.limits import Limits
from inspector.records.contract import ConformanceTerms
from inspector.records.event import Steps, finish
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.records.runnable import Runnable
from inspector.runtimes.calling import child_environment_for, label

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.verify.conformance_child:score_in_child"


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """How it is called, the samples, their labels (.npy, first axis samples), and what to compute.

    title begins what is said of it: "the original".
    """

    call: Runnable
    inputs: InputSet
    labels_file: str
    terms: ConformanceTerms
    threads: int
    title: str


@dataclass(frozen=True, slots=True)
class Scores:
    """One score for each sample, rows of a batch being samples: 1 or 0 where outcomes, else a share, an error or a cosine."""

    values: tuple[float, ...]
    outcomes: bool
    """Whether every score is 0 or 1: right or wrong."""
    output: str
    """The output that was scored, by its raw name."""
    how: str = ""
    """How scores were made of it: "argmax over 10 classes"."""


def scores(request: ScoreRequest, settings: OptimizeSettings, cancel: CancelToken | None) -> Steps[Scores]:
    """Score it in a child. Raises UsageError where labels and output do not fit, OperationFailed or ChildFailed."""
    limits, environment = Limits(settings.memory_bytes, settings.step_seconds), child_environment_for(request.call)
    title = f"scoring {label(request.call)}"
    child = run_child(ENTRY, request, Scores, limits, cancel, title=title, environment=environment)
    return (yield from finish(child)).result


def kept_scores(request: ScoreRequest, settings: OptimizeSettings, cancel: CancelToken | None) -> Steps[Scores]:
    """Do the same, or return what it gave before for the same files, samples and terms: kept beside the samples' folder."""
    place = _place(request)
    kept = _read(place)
    if kept is None:
        kept = yield from scores(request, settings, cancel)
        _keep(place, kept)
    return kept


def _place(request: ScoreRequest) -> Path:
    """Return where the scores of these very files on these very samples are kept."""
    told: list[object] = [replace(request.call, path="", renamed={})]
    for path in (*_files_of(request.call), request.labels_file):
        try:
            status = Path(path).stat()
            told.append((path, status.st_size, status.st_mtime_ns, status.st_ino))
        except OSError:
            told.append((path, -1, 0, 0))
    terms = replace(request.terms, margin=0.0, confidence=0.0, minimum_samples=0, data="")
    key = hashlib.sha256(repr((told, request.inputs.count, request.inputs.names, terms)).encode()).hexdigest()[:16]
    folder = Path(request.inputs.folder)
    return folder.with_name(f"{folder.name}.scores-{key}.json")


def _files_of(call: Runnable) -> tuple[str, ...]:
    """Return what is read when it is loaded; of an ONNX model and a .tflite the file."""
    if call.runtime != "tensorflow":
        return (call.path,)
    from inspector.runtimes.tensorflow.saved_model_files import saved_model_files

    return (call.path, *saved_model_files(call.path))


def _read(place: Path) -> Scores | None:
    import msgspec

    try:
        return msgspec.json.decode(place.read_bytes(), type=Scores)
    except (OSError, msgspec.MsgspecError):
        return None


def _keep(place: Path, kept: Scores) -> None:
    """Write the scores whole or not at all; where that fails they are computed again next time."""
    import msgspec

    draft = place.with_name(f"{place.name}.{os.getpid()}")
    try:
        draft.write_bytes(msgspec.json.encode(kept))
        draft.replace(place)
    except OSError:
        draft.unlink(missing_ok=True)
