"""Contracts on the command line: written, held, and refused in one line with the right exit code."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import jsonschema
import onnx
import pytest
import yaml

from inspector.formats.contract_file import from_json, read_contract
from inspector.report.schema_file import schema_text
from tests.cli.models import PAYLOADS, dense_model, hostile_model

Command = Callable[..., tuple[int, str, str]]

SAMPLES = Path(__file__).parents[2] / "sample_models"


def one_line(err: str) -> str:
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert err.rstrip("\n").isprintable()
    return err


def test_a_contract_goes_to_standard_output_and_nothing_else_does(command: Command, model: Path) -> None:
    code, out, err = command(model, "--write-contract")
    assert (code or 0, err) == (0, "")
    assert yaml.safe_load(out)["inputs"] == [{"name": "x", "dtype": "float32", "shape": ["batch", "sequence", 8]}]


@pytest.mark.parametrize("name", ["contract.yaml", "contract.json"])
def test_an_artifact_keeps_the_contract_that_was_written_of_it(
    command: Command, model: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    assert command(model, "--write-contract", path)[0] in (0, None)
    if name.endswith(".json"):
        assert from_json(path.read_text()) == read_contract(path)
    code, out, err = command(model, "--contract", path)
    assert (code or 0, err) == (0, "")
    assert "verdict: pass" in out
    assert "failed" not in out


def test_a_contract_that_is_not_kept_ends_with_exit_code_1_and_says_which_check(
    command: Command, model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "contract.yaml"
    command(model, "--write-contract", path)
    path.write_text(path.read_text().replace("sequence, 8", "sequence, 9") + "limits: {size_bytes: 10, latency_ms: 5}\n")
    code, out, err = command(model, "--contract", path, "--format", "json")
    review = json.loads(out)
    assert (code, err) == (1, "")
    jsonschema.validate(review, json.loads(schema_text()))
    statuses = {check["rule"]: check["status"] for check in review["checks"]}
    assert statuses["input x: shape [batch, sequence, 9]"] == "failed"
    assert statuses["size: 10 bytes at most"] == "failed"
    assert statuses["latency: 5 ms at most"] == "unknown"
    assert review["verdict"] == "fail"
    assert review["contract"]["limits"]["size_bytes"] == 10
    markdown = command(model, "--contract", path, "--format", "md")
    assert (markdown[0], markdown[1].splitlines()[-1]) == (1, "verdict: fail")


def test_a_report_and_a_contract_can_be_written_at_once(command: Command, model: Path, tmp_path: Path) -> None:
    code, out, err = command(model, "--report", tmp_path / "r.md", "--write-contract", tmp_path / "c.yaml")
    assert (code or 0, out, err) == (0, "", "")
    assert (tmp_path / "r.md").read_text().startswith("# `dense.onnx`")
    assert read_contract(tmp_path / "c.yaml").name == "dense"


def test_external_data_counts_for_the_size(command: Command, tmp_path: Path) -> None:
    model = dense_model(tmp_path / "m.onnx", external=True)
    total = model.stat().st_size + (tmp_path / "weights.bin").stat().st_size
    path = tmp_path / "c.yaml"
    path.write_text(f"contract: 1\nlimits: {{size_bytes: {total}}}\n")
    assert command(model, "--contract", path)[0] in (0, None)
    path.write_text(f"contract: 1\nlimits: {{size_bytes: {total - 1}}}\n")
    assert command(model, "--contract", path)[0] == 1


def test_a_saved_model_has_a_contract(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    assert command(SAMPLES / "digits_keras", "--write-contract", path)[0] in (0, None)
    assert read_contract(path).runtime.name == "tensorflow"
    assert command(SAMPLES / "digits_keras", "--contract", path)[0] in (0, None)
    assert command(SAMPLES / "digits_cnn.onnx", "--contract", path)[0] == 1


def test_a_contract_of_a_hostile_model_is_safe_to_show_and_is_kept(command: Command, tmp_path: Path) -> None:
    model, path = hostile_model(tmp_path / "m.onnx"), tmp_path / "c.yaml"
    code, out, _ = command(model, "--write-contract")
    assert code in (0, None)
    assert all(char.isprintable() or char == "\n" for char in out)
    command(model, "--write-contract", path)
    text = path.read_text()
    assert all(char.isprintable() or char == "\n" for char in text)
    assert len(read_contract(path).inputs) == len(PAYLOADS)
    assert command(model, "--contract", path)[0] in (0, None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("contract: 1\nlimits: {size_bytes: -1}", "limits.size_bytes: -1 is not above 0"),
        ("contract: 1\ninput: []", "input: there is no such field (did you mean inputs?)"),
        ("a: &a [1]\nb: *a", "anchors (&) and aliases (*) are not allowed"),
        ("\x1b]52;c;x\x07", "holds a character that YAML forbids"),
        ("", "is empty"),
    ],
)
def test_a_broken_contract_is_refused_in_one_line(
    command: Command, model: Path, tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(content)
    code, out, err = command(model, "--contract", path)
    assert (code, out) == (2, "")
    assert message in one_line(err)


def test_a_contract_that_is_not_there_is_refused(command: Command, model: Path, tmp_path: Path) -> None:
    code, out, err = command(model, "--contract", tmp_path / "missing.yaml")
    assert (code, out) == (2, "")
    assert "missing.yaml: no such file" in one_line(err)


@pytest.mark.parametrize("arguments", [("--write-contract",), ("--contract", "c.yaml")])
def test_an_image_has_no_contract(command: Command, arguments: tuple[str, ...]) -> None:
    code, out, err = command(SAMPLES / "digits_image.tar", *arguments)
    assert (code, out) == (2, "")
    assert "contracts are of models" in one_line(err)


def test_an_artifact_that_cannot_be_read_is_said_first(command: Command, tmp_path: Path) -> None:
    assert command(tmp_path / "missing.onnx", "--contract", tmp_path / "missing.yaml")[0] == 3


def test_no_contract_is_written_over_an_input(command: Command, tmp_path: Path) -> None:
    model = dense_model(tmp_path / "m.onnx", external=True)
    link = tmp_path / "link.yaml"
    link.symlink_to(tmp_path / "weights.bin")
    hard = tmp_path / "hard.yaml"
    os.link(model, hard)
    before = {path: path.read_bytes() for path in (model, tmp_path / "weights.bin")}
    terms = tmp_path / "terms.yaml"
    terms.write_text("contract: 1\n")
    for target in (model, link, hard):
        code, _, err = command(model, "--write-contract", target)
        assert code == 2
        assert "which is only read" in one_line(err)
    assert command(model, "--contract", terms, "--write-contract", terms)[0] == 2
    assert command(model, "--report", tmp_path / "x.json", "--write-contract", tmp_path / "x.json")[0] == 2
    assert {path: path.read_bytes() for path in before} == before
    assert terms.read_text() == "contract: 1\n"
    assert not (tmp_path / "x.json").exists()


def test_a_folder_that_takes_no_file_fails_and_leaves_nothing(command: Command, model: Path) -> None:
    code, out, err = command(model, "--write-contract", "/proc/contract.yaml")
    assert (code, out) == (4, "")
    assert "cannot write the contract to /proc/contract.yaml" in one_line(err)


def test_an_embedded_contract_that_is_broken_is_warned_of(command: Command, model: Path) -> None:
    loaded = onnx.load(model)
    loaded.metadata_props.add(key="modelpack-tui.contract", value="{")
    onnx.save(loaded, model)
    code, out, err = command(model, "--write-contract")
    assert code in (0, None)
    assert "is left aside" in one_line(err)
    assert yaml.safe_load(out)["name"] == "dense"
