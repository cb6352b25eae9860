"""Signatures give what TensorFlow gives; what is refused is one line. One process makes all the calls."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.saved_models.session import SavedModels, run_tensorflow
from tests.unit.runtimes.tensorflow.signature_feeds import FEEDS

Json = dict[str, Any]


@pytest.fixture(scope="module")
def found(saved_models: SavedModels) -> Json:
    return dict(json.loads(run_tensorflow("tests.unit.runtimes.tensorflow.calls", str(saved_models.path("sharded").parent))))


@pytest.mark.parametrize("case", FEEDS)
def test_a_signature_gives_what_tensorflow_gives(found: Json, case: str) -> None:
    made = found["called"][case]
    assert made["outputs"] == made["expected"]
    assert made["name"] == (FEEDS[case][1] or "serving_default")
    assert [name for name, _, _ in made["inputs"]] == sorted(FEEDS[case][2])
    assert made["notes"] == []


def test_inputs_are_as_tensorflow_describes_them(found: Json) -> None:
    inputs = {case: made["inputs"] for case, made in found["called"].items()}
    assert inputs["keras"] == [["image", "float32", [None, 8, 8, 1]]]
    assert inputs["words"] == [["words", "string", [None]]]
    assert inputs["powers"] == [["power", "int64", []], ["values", "float32", [None, 4]]]
    assert inputs["many types"] == [["of_any_rank", "float32", None], ["text", "string", []]]


def test_without_tags_the_metagraph_that_servers_load_is_taken(found: Json) -> None:
    assert found["two tag sets"]["outputs"] == found["two tag sets"]["expected"]


def test_what_is_refused_for_its_slot_variables_runs_in_a_session_and_says_so(found: Json) -> None:
    assert found["slots"]["error"] < 1e-6
    assert found["slots"]["inputs"] == ["features"]
    assert any("loaded into a session" in note and "add_slot" in note for note in found["slots"]["notes"])


def test_a_timed_signature_has_the_threads_it_was_opened_with_and_ends_when_closed(found: Json) -> None:
    timed = found["timed"]
    assert timed["threads"] == [2, 2]
    assert timed["creation_ms"] > 0
    assert timed["shape"] == [None, 8, 8, 1]
    assert timed["closed"] == "RuntimeRefused: it is closed"


def test_what_is_refused_is_one_clean_line(found: Json) -> None:
    said = found["refused"]
    assert said["operator"] == "RuntimeRefused: TensorFlow cannot load it: Op type not registered 'AcmeFusedAttention'"
    assert said["value"] == "RuntimeRefused: TensorFlow cannot run it: node Gather: indices[0,0] = 400 is not in [0, 300)"
    assert said["signature"] == 'UsageError: it has no signature "none"; it has serving_default (name one of them)'
    assert "add_slot" in said["slots"]
    assert "model.export(path)" in said["slots"]
    assert said["missing"].startswith("RuntimeRefused: TensorFlow cannot load it: ")
    assert said["device"].startswith("UsageError: TensorFlow sees no graphics card")
    assert all("\n" not in line and "\x1b" not in line and "site-packages" not in line for line in said.values())
