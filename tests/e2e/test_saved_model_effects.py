"""Operators that do more than compute, planted where they run and where they do not, through the real report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inspector.__main__ import run
from tests.saved_models import planting
from tests.saved_models.session import SavedModels

RULES = {
    "file read": "reads-files",
    "file write": "writes-files",
    "network": "uses-network",
    "python": "calls-python",
    "filesystem": "changes-file-system",
    "native code": "runs-native-code",
}
SEVERITIES = ["info", "low", "medium", "high"]

Findings = list[dict[str, Any]]


@pytest.fixture
def findings_of(saved_models: SavedModels, capfdbinary: pytest.CaptureFixture[bytes]):  # type: ignore[no-untyped-def]
    def findings(name: str) -> Findings:
        assert run([str(saved_models.path(name)), "--report", "-", "--format", "json"]) == 0
        return list(json.loads(capfdbinary.readouterr().out)["findings"])

    return findings


def about(findings: Findings, text: str) -> Findings:
    return [finding for finding in findings if text in finding["message"]]


def effects(findings: Findings) -> Findings:
    return [finding for finding in findings if finding["rule"] in RULES.values()]


def test_every_planted_operator_is_told_apart(findings_of) -> None:  # type: ignore[no-untyped-def]
    findings = findings_of("planted_operators")
    assert len(planting.OPERATORS) >= 15
    for planted in planting.OPERATORS:
        (found,) = [one for one in about(findings, f"{planted.operator} ") if planted.text in one["message"]]
        assert found["rule"] == RULES[planted.kind], planted.operator
        assert found["severity"] == "medium", planted.operator
        assert "serving_default" in found["message"], planted.operator
        assert found["node"] is not None
    assert len(effects(findings)) == len(planting.OPERATORS)


def test_what_nothing_reaches_is_no_finding(findings_of) -> None:  # type: ignore[no-untyped-def]
    findings = findings_of("planted_unreachable")
    assert not effects(findings)
    assert not about(findings, planting.UNREACHABLE_FILE)


def test_what_runs_at_load_is_high_with_its_path_and_file(findings_of) -> None:  # type: ignore[no-untyped-def]
    findings = findings_of("planted_in_init")
    for path, step in ((planting.INIT_FILE, "init op"), (planting.INIT_FUNCTION_FILE, "prepare")):
        (found,) = about(findings, path)
        assert (found["rule"], found["severity"]) == ("writes-files", "high")
        assert "→" in found["message"]
        assert step in found["message"]
        assert "planted_WriteFile" in found["message"] + found["place"]
    assert not about(findings, planting.UNREACHABLE_FILE)
    assert findings[0]["severity"] == "high"


def test_nested_functions_are_searched(findings_of) -> None:  # type: ignore[no-untyped-def]
    findings = findings_of("planted_nested")
    for path in planting.PLACES.values():
        (found,) = about(findings, path)
        assert (found["rule"], found["severity"]) == ("writes-files", "medium")
        assert "serving_default" in found["message"]


def test_functions_reached_in_unusual_ways_are_searched(findings_of) -> None:  # type: ignore[no-untyped-def]
    findings = findings_of("planted_hidden")
    for path in planting.HIDDEN.values():
        (found,) = about(findings, path)
        assert (found["rule"], found["severity"]) == ("writes-files", "medium")


def test_the_main_op_of_a_graph_runs_at_load(findings_of) -> None:  # type: ignore[no-untyped-def]
    (found,) = about(findings_of("planted_in_main_op"), planting.MAIN_OP_FILE)
    assert (found["rule"], found["severity"]) == ("writes-files", "high")


def test_a_custom_operator(findings_of) -> None:  # type: ignore[no-untyped-def]
    (found,) = about(findings_of("planted_custom_operator"), "AcmeFusedAttention")
    assert (found["rule"], found["severity"]) == ("custom-operator", "high")


def test_a_table_of_another_file_than_an_asset(findings_of) -> None:  # type: ignore[no-untyped-def]
    (found,) = about(findings_of("planted_table_file"), planting.OUTSIDE_VOCABULARY)
    assert (found["rule"], found["severity"]) == ("reads-files", "high")


@pytest.mark.parametrize(
    "name", ["keras_export", "asset_table", "nested", "many_types", "sharded", "sliced", "default_values", "warm_up", "as_text"]
)
def test_a_clean_artifact_has_nothing_above_low(name: str, findings_of) -> None:  # type: ignore[no-untyped-def]
    assert [one for one in findings_of(name) if SEVERITIES.index(one["severity"]) > SEVERITIES.index("low")] == []


@pytest.mark.parametrize("name", ["basic_pitch", "digits_keras", "optimizer_slots"])
def test_training_baggage_is_told_with_its_bytes(name: str, findings_of) -> None:  # type: ignore[no-untyped-def]
    findings = findings_of(name)
    (found,) = [one for one in findings if one["rule"] == "training-baggage"]
    assert "B" in found["message"]
    assert not effects(findings)
