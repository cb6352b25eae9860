"""The command on a SavedModel: the folder, its file, a serving folder; digests; reports that never go over it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from inspector.report.schema_file import schema_text

SAMPLE = Path(__file__).parents[2] / "sample_models" / "digits_keras"
SHARD = "variables/variables.data-00000-of-00001"

Command = Callable[..., tuple[int, str, str]]


def review_of(command: Command, *arguments: object) -> Any:
    code, out, err = command(*arguments, "--format", "json")
    assert (code, err) == (0, "")
    return json.loads(out)


def copy(target: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, target))


def test_json_keeps_to_the_schema_and_says_what_is_in_it(command: Command) -> None:
    review = review_of(command, SAMPLE)
    jsonschema.validate(review, json.loads(schema_text()))
    assert review["artifact"]["format"] == "saved_model"
    [tag_set] = review["saved_model"]["tag_sets"]
    [signature] = tag_set["signatures"]
    assert (tag_set["tags"], signature["name"]) == (["serve"], "serving_default")
    assert [(one["name"], one["shape"]) for one in signature["inputs"]] == [("image", [None, 8, 8, 1])]
    assert sum(one["bytes"] for one in review["saved_model"]["variables_by_role"]) == sum(
        one["byte_count"] for one in review["saved_model"]["variables"]
    )
    assert review["saved_model"]["training"]["bytes"] > 0.5 * (SAMPLE / SHARD).stat().st_size


def test_the_file_is_the_folder(command: Command, tmp_path: Path) -> None:
    model = copy(tmp_path / "model")
    from_folder, from_file = review_of(command, model), review_of(command, model / "saved_model.pb")
    for review in (from_folder, from_file):
        del review["artifact"]["path"]
    assert from_file == from_folder


@pytest.mark.parametrize("format_", ["text", "md"])
def test_reports_name_signature_variables_and_what_runs_at_load(command: Command, format_: str) -> None:
    code, out, err = command(SAMPLE, "--format", format_)
    assert (code, err) == (0, "")
    for said in ("TF 2.", "serving_default", "float32[?,8,8,1]", "kwargs['image']", "init op", "47 entries", "optimizer"):
        assert said in out, said


def test_a_serving_folder_says_what_is_picked_and_how_the_others_differ(command: Command, tmp_path: Path) -> None:
    for version in ("2", "10"):
        copy(tmp_path / "served" / version)
    (tmp_path / "served" / "3").mkdir()
    (tmp_path / "served" / "3" / "saved_model.pb").write_bytes(b"no protobuf")
    versions = review_of(command, tmp_path / "served")["saved_model"]["versions"]
    assert [(one["folder"], one["is_served"]) for one in versions] == [("10", True), ("3", False), ("2", False)]
    assert versions[1]["problem"]
    text = command(tmp_path / "served", "--report")[1]
    assert "a server picks this one" in text
    assert "the same signatures as the served version" in text


def test_digests_are_the_digests_of_the_files(command: Command) -> None:
    review = review_of(command, SAMPLE, "--digest")
    assert review["artifact"]["sha256"] == hashlib.sha256((SAMPLE / "saved_model.pb").read_bytes()).hexdigest()
    [shard] = review["external_files"]
    assert (shard["location"], shard["sha256"]) == (SHARD, hashlib.sha256((SAMPLE / SHARD).read_bytes()).hexdigest())
    beside = ("variables/variables.index", "fingerprint.pb")
    expected = {name: hashlib.sha256((SAMPLE / name).read_bytes()).hexdigest() for name in beside}
    assert {one["path"]: one["sha256"] for one in review["saved_model"]["digests"]} == expected
    for form in ("text", "md"):
        out = command(SAMPLE, "--report", "--digest", "--format", form)[1]
        assert all(name in out and sha256 in out for name, sha256 in expected.items()), form


@pytest.mark.parametrize("victim", ["saved_model.pb", "fingerprint.pb", "variables/variables.index", SHARD])
def test_what_is_reported_on_is_never_overwritten(command: Command, tmp_path: Path, victim: str) -> None:
    model = copy(tmp_path / "model")
    before = (model / victim).read_bytes()
    code, out, err = command(model, "--report", model / victim, "--format", "md")
    assert (code, out) == (2, "")
    assert "would overwrite" in err
    assert (model / victim).read_bytes() == before


def test_a_batch_counts(command: Command) -> None:
    once, thrice = review_of(command, SAMPLE)["graph"]["flops"], review_of(command, SAMPLE, "--batch", "3")["graph"]["flops"]
    assert thrice["at"] == {"batch": 3}
    assert 2.9 < thrice["value"] / once["value"] <= 3
