"""An opening can be waited for before there is a screen, and followed from its first event afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.errors import UnreadableArtifact, UsageError
from inspector.records.event import Finished, Started
from inspector.workflows.examine import examine
from inspector.workflows.inspect import inspect
from inspector.workflows.opening import Opening

SAMPLE = Path(__file__).parents[3] / "sample_models" / "digits_cnn.onnx"


def test_its_events_are_those_of_inspect() -> None:
    opening = Opening(SAMPLE, 2)
    opening.settle(60)
    events = list(opening.events())
    assert isinstance(events[0], Started)
    assert events == list(inspect(SAMPLE, 2))


def test_what_cannot_be_read_raises_while_waiting_and_while_following(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a model")
    opening = Opening(path)
    with pytest.raises(UnreadableArtifact):
        opening.settle(60)
    with pytest.raises(UnreadableArtifact):
        list(opening.events())


def test_an_unknown_dimension_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no dimension named sequence"):
        Opening(SAMPLE, settings={"sequence": 3}).settle(60)


def test_waiting_ends_when_the_time_is_over() -> None:
    Opening(SAMPLE).settle(0)


def test_examining_reads_digests_only_when_asked() -> None:
    *_, plain = examine(SAMPLE)
    *_, full = examine(SAMPLE, everything=True)
    assert isinstance(plain, Finished)
    assert isinstance(full, Finished)
    assert plain.result.computation.artifact.sha256 is None
    assert len(full.result.computation.artifact.sha256 or "") == 64
    assert plain.result.computation.inferred
    assert plain.result.weights_compared
