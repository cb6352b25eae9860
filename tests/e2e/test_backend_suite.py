"""The report's numbers against onnx's own, for every model of onnx's backend test suite."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest
from onnx.backend.test.case.model import collect_testcases as collect_model_cases
from onnx.backend.test.case.node import collect_testcases as collect_node_cases

from inspector.records.event import Finished
from inspector.records.inspection import Inspection
from inspector.workflows.inspect import inspect
from inspector.workflows.review import review
from tests.onnx_facts import facts_by_onnx, facts_of_report

LEAST_MODELS = 2_000
UNTRUE_HERE = {"unknown-field", "unknown-dtype", "trailing-bytes", "overlong-name", "invalid-utf8", "duplicate-tensor-name"}
"""Findings of the reader that no model of the suite may give."""


def inspected(path: Path) -> Inspection:
    finished = [event for event in inspect(path) if isinstance(event, Finished)]
    return finished[0].result


def shipped_models() -> list[Path]:
    spec = importlib.util.find_spec("onnx")
    assert spec is not None
    assert spec.origin is not None
    return sorted((Path(spec.origin).parent / "backend/test/data").rglob("*.onnx"))


def generated_models(folder: Path) -> Iterator[Path]:
    """Write the models that onnx makes in code instead of shipping them: its node and model cases."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = [*collect_node_cases(None), *collect_model_cases()]
    for index, case in enumerate(cases):
        if case.model is not None:
            path = folder / f"{index}_{case.name}.onnx"
            path.write_bytes(case.model.SerializeToString())
            yield path


def differences(paths: Iterator[Path] | list[Path]) -> tuple[int, list[str]]:
    compared, different = 0, []
    for path in paths:
        inspection = inspected(path)
        summary = review(inspection).graph
        assert summary is not None
        ours = facts_of_report(summary, inspection.computation)
        theirs = facts_by_onnx(onnx.load(path, load_external_data=False))
        compared += 1
        if ours != theirs:
            different.append(f"{path.name}: {ours} is not {theirs}")
        different += [f"{path.name}: {one.message}" for one in inspection.computation.findings if one.rule in UNTRUE_HERE]
    return compared, different


def test_every_model_the_package_ships(capsys: pytest.CaptureFixture[str]) -> None:
    compared, different = differences(shipped_models())
    with capsys.disabled():
        print(f"\nbackend suite: {compared} shipped models compared with onnx")
    assert not different
    assert compared == len(shipped_models()) > 100


def test_every_model_the_suite_makes_in_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compared, different = differences(generated_models(tmp_path))
    with capsys.disabled():
        print(f"\nbackend suite: {compared} generated models compared with onnx")
    assert not different
    assert compared + len(shipped_models()) >= LEAST_MODELS
