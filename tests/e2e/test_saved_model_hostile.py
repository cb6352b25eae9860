"""Every hostile SavedModel against the real command: one line, or a reading with a finding; never a crash or an escape."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from inspector.errors import UnreadableArtifact
from inspector.records.event import Finished
from inspector.records.inspection import Inspection
from inspector.workflows.inspect import inspect
from tests.e2e.hostile.running import check, rules_of, run
from tests.e2e.hostile_saved_models import folders, graphs, indexes, protos
from tests.e2e.hostile_saved_models.cases import Case, definition, sound_model
from tests.e2e.hostile_saved_models.table import PAIRS, table

CASES = [*folders.CASES, *indexes.CASES, *graphs.CASES]
_NOTES = {"no-warm-up", "dynamic-dimension"}
"""What is found in the sound model as well."""
_OF_MORE_ENTRIES = {"unclaimed-variable"}
"""What is found, rightly, where a sound index was given more entries than the model has variables."""


def inspected(path: Path) -> Inspection:
    return next(event.result for event in inspect(path) if isinstance(event, Finished))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_hostile_saved_model(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    path = case.make(folder)
    outcome = run(tmp_path, path, "--report", "-", "--format", "json")
    check(outcome, "")
    assert "root:" not in outcome.stdout + outcome.stderr
    if case.refused:
        assert outcome.code == 3, outcome.stdout[:1000]
        assert case.says in outcome.stderr
    elif case.finds or case.sound:
        assert outcome.code == 0, outcome.stderr
        assert not set(case.finds) - set(rules_of(outcome)), rules_of(outcome)
    if case.sound:
        assert not set(rules_of(outcome)) - _NOTES - _OF_MORE_ENTRIES, rules_of(outcome)
    if case.told:
        assert outcome.code == 3 or set(rules_of(outcome)) - _NOTES, "nothing was said"


@pytest.mark.parametrize("report_format", ["text", "md"])
def test_hostile_text_in_reports(report_format: str, tmp_path: Path) -> None:
    sound_model(tmp_path / "model")
    for name in ("escapes-everywhere", "signature-of-escapes", "objects-of-escapes"):
        definition(graphs.READ[name])(tmp_path / "model")
        outcome = run(tmp_path, tmp_path / "model", "--report", "-", "--format", report_format)
        assert outcome.code == 0, (name, outcome.stderr)
        check(outcome, "model")


def test_the_sound_model_is_sound(tmp_path: Path) -> None:
    sound_model(tmp_path / "model")
    found = inspected(tmp_path / "model")
    (weight,) = found.computation.weights
    assert (weight.dtype, weight.shape, weight.byte_count) == ("float32", (4, 3), 48)
    assert {finding.rule for finding in found.findings} <= _NOTES


def test_a_definition_cut_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "model"
    sound_model(path)
    data = protos.small()
    for at in range(1, len(data)):
        (path / "saved_model.pb").write_bytes(data[:at])
        with pytest.raises(UnreadableArtifact, match="model"):
            inspected(path)


def test_a_real_definition_cut_at_many_places(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.mkdir()
    for at in range(1, len(graphs.SAMPLE), 7919):
        (path / "saved_model.pb").write_bytes(graphs.SAMPLE[:at])
        with pytest.raises(UnreadableArtifact, match="model"):
            inspected(path)


def test_an_index_cut_or_changed_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "model"
    sound_model(path)
    index = path / "variables" / "variables.index"
    data = table(PAIRS)
    for at in range(len(data)):
        for changed in (data[:at], data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]):
            index.write_bytes(changed)
            try:
                found = inspected(path)
            except UnreadableArtifact as error:
                assert "variables.index" in str(error)  # noqa: PT017
            else:
                weights = [(weight.name, weight.shape) for weight in found.computation.weights]
                assert weights == [("w", (4, 3))] or {finding.rule for finding in found.findings} - _NOTES


def test_there_are_enough_of_them() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) >= 150


def test_a_pipe_beside_the_model_is_not_waited_for(tmp_path: Path) -> None:
    sound_model(tmp_path / "model")
    os.mkfifo(tmp_path / "model" / "debug")
    outcome = run(tmp_path, tmp_path / "model", "--report", "-", "--format", "json")
    assert outcome.code == 0
    assert json.loads(outcome.stdout)["artifact"]["format"] == "saved_model"
