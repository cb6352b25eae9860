"""Scoring on labelled samples as a child process does it: one sample in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.errors import OperationFailed, UsageError
from inspector.formats.clean_text import TextCleaner, one_line
from inspector.runtimes.calling_child import open_runnable
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused
from inspector.verify.conformance_metrics_child import Mismatch, Scorer, scorer_for
from inspector.verify.conformance_scores import ScoreRequest, Scores

_LABELS_HINT: Final = "the contract's conformance says which array holds the labels and which output is scored"

Report = Callable[[int, int, str], None]


def score_in_child(request: ScoreRequest, report: Report) -> Scores:
    """Call it with every sample and score what it gives. Raises UsageError, OperationFailed."""
    labels = _labels(request)
    try:
        return _score(request, labels, report)
    except RuntimeRefused as error:
        raise OperationFailed(f"{request.title}: {error.message}", error.hint) from None


def _labels(request: ScoreRequest) -> NDArray[Any]:
    """Return the labels; those of many bytes are read as they are needed."""
    named = f"labels {one_line(request.terms.labels)!r}"
    try:
        labels = np.load(request.labels_file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UsageError(f"{named} cannot be read: {one_line(str(error))}", "labels are numbers or text") from None
    if not isinstance(labels, np.ndarray) or labels.ndim == 0 or labels.shape[0] != request.inputs.count:
        count = labels.shape[0] if isinstance(labels, np.ndarray) and labels.ndim else 1
        raise UsageError(f"{named}: {count:,} labels for {request.inputs.count:,} samples", "one label a sample is needed")
    return labels


def _score(request: ScoreRequest, labels: NDArray[Any], report: Report) -> Scores:
    loaded = open_runnable(request.call, request.threads)
    name = _output(loaded.outputs, request)
    place = loaded.outputs.index(name)
    scorer: Scorer | None = None
    found: list[NDArray[np.float64]] = []
    for index in range(request.inputs.count):
        report(index, request.inputs.count, "labelled samples")
        feed = read_feed(request.inputs, index)
        output = loaded.run(feed)[place]
        try:
            scorer = scorer or scorer_for(request.terms, output, labels)
            found.append(scorer.scores(output, np.asarray(labels[index]), _rows(feed, output)))
        except Mismatch as error:
            where = f"sample {index}, output {one_line(name)!r}"
            if error.of_labels:
                raise UsageError(f"labels {one_line(request.terms.labels)!r}: {where}: {error}", _LABELS_HINT) from None
            raise OperationFailed(f"{request.title}: {where}: {error}") from None
    report(request.inputs.count, request.inputs.count, "labelled samples")
    values = np.concatenate(found) if found else np.zeros(0)
    outcomes = request.terms.metric in ("accuracy", "top_k") and bool(np.isin(values, (0.0, 1.0)).all())
    return Scores(tuple(values.tolist()), outcomes, name, scorer.how if scorer else "")


def _rows(feed: dict[str, NDArray[Any]], output: NDArray[Any]) -> int:
    """Return how many samples one feed holds: the first axis where inputs and output share its length."""
    lengths = {array.shape[0] for array in feed.values() if array.ndim}
    if len(lengths) == 1 and output.ndim and output.shape[0] in lengths:
        return int(output.shape[0])
    return 1


def _output(names: Sequence[str], request: ScoreRequest) -> str:
    """Return the raw name of the output to score: the one the terms name, raw or cleaned, else the first."""
    wanted = request.terms.output
    if not wanted and names:
        return names[0]
    cleaner = TextCleaner()
    for name in names:
        if wanted in (name, cleaner.clean(name)):
            return name
    there = ", ".join(repr(one_line(name)) for name in names[:5]) or "none"
    raise UsageError(f"conformance: {request.title} has no output {one_line(wanted)!r}", f"it has {there}")
