"""--apply on the command line: what is written, what is reported, and with which exit code it ends; nothing is stood in for."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from inspector.formats.contract_file.embedding import embedded_contract
from inspector.report.schema_file import schema_text
from tests.cli.models import dense_model

Command = Callable[..., tuple[int, str, str]]

SAMPLES = Path(__file__).parents[2] / "sample_models"


def wasteful_model(path: Path) -> Path:
    """Write y = x·(A + B) through identities: what any tool makes simpler."""
    random = np.random.default_rng(0)
    weights = [numpy_helper.from_array(random.normal(size=(64, 64)).astype(np.float32), name) for name in ("a", "b")]
    nodes = [
        helper.make_node("Add", ["a", "b"], ["w"], "sum"),
        helper.make_node("Identity", ["x"], ["x1"], "first"),
        helper.make_node("Identity", ["x1"], ["x2"], "second"),
        helper.make_node("MatMul", ["x2", "w"], ["y"], "product"),
    ]
    described = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 64]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "g", described[:1], described[1:], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def unknown_operator(path: Path) -> Path:
    """Write a model that reads, and that no runtime runs."""
    described = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2]) for name in ("x", "y")]
    node = helper.make_node("Secret", ["x"], ["y"], "secret", domain="com.acme")
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.acme", 1)]
    onnx.save(helper.make_model(helper.make_graph([node], "g", described[:1], described[1:]), opset_imports=opsets), path)
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_accepted_step_is_written_with_its_contract_and_reported(command: Command, tmp_path: Path) -> None:
    model, target, report = wasteful_model(tmp_path / "m.onnx"), tmp_path / "out.onnx", tmp_path / "r.json"
    terms = tmp_path / "terms.yaml"
    terms.write_text("contract: 1\nname: mine\nlimits: {size_bytes: 20000}\n")
    before = digest(model)
    code, out, err = command(model, "--apply", "simplify", "--output", target, "--report", report, "--contract", terms)
    assert (code or 0, out) == (0, ""), err
    assert digest(model) == before
    review = json.loads(report.read_text())
    jsonschema.validate(review, json.loads(schema_text()))
    change = review["changes"][0]
    assert (change["optimizer"], change["status"], change["output"]) == ("simplify", "accepted", str(target))
    assert change["after"]["size_bytes"] < change["before"]["size_bytes"]
    assert change["confirmation"]["seed"] != change["parity"]["seed"]
    assert review["verdict"] == "pass"
    assert review["comparisons"] == change["comparisons"]
    assert {check["rule"]: check["status"] for check in review["checks"]}["size: 20,000 bytes at most"] == "passed"
    carried = embedded_contract(target)
    assert carried is not None
    assert (carried.name, carried.provenance.source_sha256) == ("mine", before)
    assert carried.provenance.recipe == tuple(change["recipe"])
    x = np.random.default_rng(1).normal(size=(3, 64)).astype(np.float32)
    assert np.allclose(run(target, x), run(model, x), rtol=1e-4, atol=1e-4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.onnx", "out.onnx", "r.json", "terms.yaml"]


def run(path: Path, x: object) -> object:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def test_without_output_nothing_is_written_and_a_contract_that_breaks_ends_with_exit_code_1(
    command: Command, tmp_path: Path
) -> None:
    model, terms = wasteful_model(tmp_path / "m.onnx"), tmp_path / "terms.yaml"
    terms.write_text("contract: 1\nlimits: {size_bytes: 100}\n")
    code, out, err = command(model, "--apply", "simplify", "--contract", terms, "--format", "md")
    assert code == 1
    assert "### simplify: accepted" in out
    assert "| **failed** | `size: 100 bytes at most` |" in out
    assert out.endswith("\nverdict: fail\n")
    assert "the result was not written: --output PATH says where to" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.onnx", "terms.yaml"]


def test_a_step_that_nothing_can_be_proven_of_is_rejected_with_exit_code_1(command: Command, tmp_path: Path) -> None:
    model, target = unknown_operator(tmp_path / "m.onnx"), tmp_path / "out.onnx"
    code, out, err = command(model, "--apply", "simplify", "--output", target, "--format", "json")
    change = json.loads(out)["changes"][0]
    assert code == 1, err
    assert change["verdict"] in ("rejected", "cannot run")
    assert "Secret" in change["reason"] or "com.acme" in change["reason"]
    assert not target.exists()


def test_what_cannot_be_saved_is_reported_first_and_nothing_is_left(command: Command, tmp_path: Path) -> None:
    model = wasteful_model(tmp_path / "m.onnx")
    code, out, err = command(model, "--apply", "simplify", "--output", "/proc/out.onnx")
    assert code == 4
    assert "simplify  accepted" in out
    assert "/proc/out.onnx" in err.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]


@pytest.mark.parametrize(
    ("artifact", "step", "said"),
    [
        ("digits_keras", "warmstart", "warmstart is a step for ONNX models"),
        ("digits_cnn.onnx", "prune", "prune is a step for SavedModels"),
        ("digits_image.tar", "fp16", "these steps work on models"),
    ],
)
def test_steps_that_the_artifact_has_no_use_for_are_refused(command: Command, artifact: str, step: str, said: str) -> None:
    code, out, err = command(SAMPLES / artifact, "--apply", step)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_no_result_is_written_over_an_input_under_whatever_name(command: Command, tmp_path: Path) -> None:
    model = dense_model(tmp_path / "m.onnx", external=True)
    weights = tmp_path / "weights.bin"
    symbolic, hard = tmp_path / "symbolic.onnx", tmp_path / "hard.onnx"
    symbolic.symlink_to(weights)
    os.link(model, hard)
    data = tmp_path / "inputs.npz"
    np.savez(data, x=np.zeros((4, 2, 8), np.float32))
    before = {path: digest(path) for path in (model, weights, data)}
    for target in (model, weights, symbolic, hard, data, tmp_path / ".." / tmp_path.name / "m.onnx"):
        code, out, err = command(model, "--apply", "simplify", "--data", data, "--output", target)
        assert (code, out) == (2, ""), target
        assert "overwrite" in err
        assert err.count("\n") == 1
    terms = tmp_path / "terms.yaml"
    terms.write_text("contract: 1\nconformance: {data: inputs.npz}\n")
    for target in (terms, data):
        assert command(model, "--apply", "simplify", "--contract", terms, "--output", target)[0] == 2
    assert {path: digest(path) for path in before} == before


@pytest.mark.parametrize(
    ("target", "message"),
    [("missing/out.onnx", "there is no folder"), (".", "it is a folder"), ("pipe", "it is no regular file")],
)
def test_a_place_that_takes_no_model_is_refused_before_any_work(
    command: Command, model: Path, tmp_path: Path, target: str, message: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    code, out, err = command(model, "--apply", "simplify", "--output", tmp_path / target)
    assert (code, out) == (2, "")
    assert message in err


def test_data_that_does_not_fit_is_refused_in_one_line(command: Command, model: Path, tmp_path: Path) -> None:
    data = tmp_path / "inputs.npz"
    np.savez(data, wrong=np.zeros((4, 2, 8), np.float32))
    code, out, err = command(model, "--apply", "int8", "--data", data)
    assert (code, out) == (2, "")
    assert "inputs.npz" in err
    assert err.count("\n") == 1
    assert command(model, "--apply", "int8", "--data", tmp_path / "missing.npz")[0] == 2


def test_data_without_steps_and_without_a_terminal_is_refused(command: Command) -> None:
    code, out, err = command(SAMPLES / "digits_cnn.onnx", "--data", SAMPLES / "digits_cnn.npz")
    assert (code, out) == (2, "")
    assert "no step is named" in err
