"""Whether a changed artifact still does its job on labelled data, within the margin that the contract allows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.records.event import Started
from inspector.records.parity import ConformanceResult
from inspector.runtimes.calling import file_runnable
from inspector.verify.conformance_scores import ScoreRequest, Scores, kept_scores, scores
from inspector.verify.non_inferiority import NonInferiority, compare_errors, compare_proportions, compare_scores

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.contract import ConformanceTerms
    from inspector.records.event import Steps
    from inspector.records.optimization import InputSet, OptimizeSettings
    from inspector.records.runnable import Runnable


def conformance(
    original: str,
    changed: str,
    inputs: InputSet,
    labels_file: str,
    terms: ConformanceTerms,
    settings: OptimizeSettings,
    cancel: CancelToken | None = None,
) -> Steps[ConformanceResult]:
    """Hold a changed ONNX model at a path against the original; see conformance_of()."""
    before, after = file_runnable(original), file_runnable(changed)
    return conformance_of(before, after, inputs, labels_file, terms, settings, cancel)


def conformance_of(
    original: Runnable,
    changed: Runnable,
    inputs: InputSet,
    labels_file: str,
    terms: ConformanceTerms,
    settings: OptimizeSettings,
    cancel: CancelToken | None = None,
) -> Steps[ConformanceResult]:
    """Call both with the labelled samples, each in a child, and test whether the change loses less than the margin.

    labels_file is a .npy whose entry i belongs to sample i: class numbers (or one-hot rows), 0 and 1, text, or for mae and
    cosine the values that the output should have. Scores of the original are kept beside the folder of the samples. Rows of
    a batch are samples of their own; a sample with several predictions counts with the share that is right.
    Raises UsageError where labels and output do not fit, OperationFailed where one does not run or gives no number.
    """
    yield Started(f"{terms.metric} on {inputs.count:,} labelled samples")
    request = ScoreRequest(original, inputs, labels_file, terms, settings.threads, "the original")
    before = yield from kept_scores(request, settings, cancel)
    request = replace(
        request,
        call=changed,
        terms=replace(terms, output=before.output),
        title="the changed artifact",
    )
    after = yield from scores(request, settings, cancel)
    if len(before.values) != len(after.values) or not before.values:
        raise OperationFailed(
            f"the original gives {len(before.values):,} predictions on the labelled samples, "
            f"the changed artifact {len(after.values):,}: they cannot be paired"
        )
    return _result(_tested(before, after, terms), before, terms)


def _tested(before: Scores, after: Scores, terms: ConformanceTerms) -> NonInferiority:
    """Return the test that suits the metric."""
    margin, confidence, minimum = terms.margin, terms.confidence, terms.minimum_samples
    if terms.metric == "mae":
        return compare_errors(before.values, after.values, margin, confidence, minimum)
    if before.outcomes and after.outcomes:
        right = [value > 0 for value in before.values], [value > 0 for value in after.values]
        return compare_proportions(*right, margin, confidence, minimum)
    return compare_scores(before.values, after.values, margin, confidence, minimum)


def _result(tested: NonInferiority, before: Scores, terms: ConformanceTerms) -> ConformanceResult:
    metric = f"top-{terms.k} accuracy" if terms.metric == "top_k" else terms.metric
    return ConformanceResult(
        metric,
        tested.status,
        tested.before,
        tested.after,
        tested.loss,
        tested.loss_high,
        tested.margin,
        terms.confidence,
        tested.samples,
        tested.samples_needed,
        f"{before.how}; {tested.method}",
        one_line(before.output),
    )
