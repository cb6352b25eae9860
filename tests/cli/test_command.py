"""The command in this process: what it answers, where it writes, and with which exit code it ends."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import onnx
import pytest

from inspector.__main__ import run
from inspector.errors import OperationFailed
from inspector.isolation.child import ChildFailed
from inspector.report.schema_file import schema_text
from tests.cli.models import dense_model


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "stdin", Path(os.devnull).open())  # noqa: SIM115
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def command(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs the command and gives its exit code, standard output and standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        try:
            code: Any = run([str(argument) for argument in arguments])
        except SystemExit as exit_:
            code = exit_.code
        out, err = capfdbinary.readouterr()
        return code or 0, out.decode(), err.decode()

    return call


Command = Callable[..., tuple[int, str, str]]


def test_without_a_terminal_the_report_is_printed(command: Command, model: Path) -> None:
    code, out, err = command(model)
    assert (code, err) == (0, "")
    assert out.startswith("dense.onnx   ONNX · opset 17 · ")
    assert "x  float32[batch,sequence,8]" in out


def test_report_and_no_other_artifact_means_report_on_that(command: Command, model: Path) -> None:
    assert command("--report", model)[1] == command(model, "--report", "-")[1] == command(model)[1]


def test_json_keeps_to_the_schema_and_says_what_is_in_the_model(command: Command, model: Path) -> None:
    code, out, err = command(model, "--format", "json")
    review = json.loads(out)
    assert (code, err) == (0, "")
    jsonschema.validate(review, json.loads(schema_text()))
    assert review["graph"]["node_count"] == len(onnx.load(model).graph.node) == 3
    assert review["graph"]["parameter_count"] == 72
    assert review["graph"]["weight_bytes"] == 288
    assert review["signatures"][0]["inputs"] == [{"name": "x", "dtype": "float32", "shape": ["batch", "sequence", 8]}]


def test_markdown_ends_with_the_verdict(command: Command, model: Path) -> None:
    assert command(model, "--report", "-", "--format", "md")[1].endswith("\nverdict: pass\n")


@pytest.mark.parametrize(
    ("name", "begins"), [("r.json", "{\n"), ("r.md", "# `dense.onnx`"), ("r.txt", "dense.onnx "), ("r", "dense.onnx ")]
)
@pytest.mark.parametrize("target_first", [True, False])
def test_the_suffix_picks_the_format(
    command: Command, model: Path, tmp_path: Path, name: str, begins: str, target_first: bool
) -> None:
    target = tmp_path / name
    arguments = ["--report", target, model] if target_first else [model, "--report", target]
    assert command(*arguments) == (0, "", "")
    assert target.read_text(encoding="utf-8").startswith(begins)


def test_costs_are_evaluated_where_they_are_asked_for(command: Command, model: Path) -> None:
    def flops(*options: str) -> Any:
        return json.loads(command(model, "--format", "json", *options)[1])["graph"]["flops"]

    once, scaled = flops("--dim", "sequence=1"), flops("--batch", "3", "--dim", "sequence=5")
    assert scaled["value"] == 15 * once["value"]
    assert scaled["at"] == {"batch": 3, "sequence": 5}


def test_a_dimension_that_does_not_exist_is_refused(command: Command, model: Path) -> None:
    code, out, err = command(model, "--report", "--dim", "sequense=5")
    assert (code, out) == (2, "")
    assert "has no dimension named sequense (it has batch, sequence)" in err


def test_digests_are_the_digests_of_the_files(command: Command, tmp_path: Path) -> None:
    model = dense_model(tmp_path / "external.onnx", external=True)
    review = json.loads(command(model, "--digest", "--format", "json")[1])
    assert review["artifact"]["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    digest = hashlib.sha256((tmp_path / "weights.bin").read_bytes()).hexdigest()
    assert [file["sha256"] for file in review["external_files"]] == [digest]
    assert json.loads(command(model, "--format", "json")[1])["artifact"]["sha256"] is None


@pytest.mark.parametrize("how", ["itself", "symlink", "hard link", "external data"])
def test_what_is_reported_on_is_never_overwritten(command: Command, tmp_path: Path, how: str) -> None:
    model = dense_model(tmp_path / "model.onnx", external=True)
    victim = tmp_path / "weights.bin" if how == "external data" else model
    target = tmp_path / "out.md" if how in ("symlink", "hard link") else victim
    if how == "symlink":
        target.symlink_to(victim)
    elif how == "hard link":
        target.hardlink_to(victim)
    before = victim.read_bytes()
    code, out, err = command(model, "--report", target, "--format", "md")
    assert (code, out) == (2, "")
    assert "would overwrite" in err
    assert victim.read_bytes() == before


def test_a_target_that_cannot_be_is_refused_before_any_work(command: Command, tmp_path: Path) -> None:
    code, _, err = command(tmp_path / "absent.onnx", "--report", tmp_path / "no" / "out.md")
    assert code == 2
    assert "there is no folder" in err


def test_a_full_disk_is_one_line(command: Command, model: Path) -> None:
    code, _, err = command(model, "--report", "/dev/full", "--format", "json")
    assert code == 4
    assert err == "modelpack-tui: error: cannot write the report to /dev/full: No space left on device\n"


def unreadable_files(folder: Path) -> Iterator[Path]:
    yield folder / "absent.onnx"
    for name, data in [
        ("empty", b""),
        ("text", b"no model at all\n"),
        ("png", b"\x89PNG\r\n\x1a\n" + bytes(64)),
        ("pickle", b"\x80\x04K\x01."),
    ]:
        (folder / f"{name}.onnx").write_bytes(data)
        yield folder / f"{name}.onnx"
    with zipfile.ZipFile(folder / "zip.onnx", "w") as archive:
        archive.writestr("data.pkl", b"x")
    yield folder / "zip.onnx"
    (folder / "folder.onnx").mkdir()
    yield folder / "folder.onnx"
    os.mkfifo(folder / "fifo.onnx")
    yield folder / "fifo.onnx"
    (folder / "loop.onnx").symlink_to("loop.onnx")
    yield folder / "loop.onnx"
    yield Path(os.devnull)
    yield folder / ("long" * 100)


def test_what_cannot_be_read_is_one_line_and_exit_3(command: Command, tmp_path: Path) -> None:
    for path in unreadable_files(tmp_path):
        code, out, err = command(path, "--report")
        assert (code, out) == (3, ""), path
        assert err.startswith("modelpack-tui: error: "), path
        assert err.count("\n") == 1, path
        assert path.name[:60] in err


def test_a_truncated_model_is_one_line_and_exit_3(command: Command, model: Path) -> None:
    model.write_bytes(model.read_bytes()[:-40])
    code, out, err = command(model)
    assert (code, out, err.count("\n")) == (3, "", 1)


@pytest.mark.parametrize(
    "arguments", [[], ["--batch", "0"], ["--bogus"], ["--format", "pdf"], ["--report"], ["", "--report"], ["--dim", "\x1b[2J"]]
)
def test_usage_errors_are_one_line_and_exit_2(command: Command, arguments: list[str]) -> None:
    code, out, err = command(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("modelpack-tui: error: ")
    assert "\x1b" not in err


def test_without_artifact_and_terminal_there_is_nothing_to_do(command: Command) -> None:
    assert "there is no terminal to choose one in" in command()[2]


def test_shape_inference_that_fails_is_a_warning(
    command: Command, model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object) -> Iterator[object]:
        raise ChildFailed("crashed", "shape inference of dense.onnx crashed: segmentation fault")
        yield

    monkeypatch.setattr("inspector.workflows.shapes.with_shapes", fail)
    code, out, err = command(model, "--format", "json")
    review = json.loads(out)
    assert (code, err) == (0, "")
    assert review["warnings"] == ["shape inference of dense.onnx crashed: segmentation fault"]
    assert [finding["severity"] for finding in review["findings"] if finding["rule"] == "shape-inference-failed"] == ["info"]
    code, out, err = command(model, "--report", tmp_path / "out.md")
    assert err == "modelpack-tui: warning: shape inference of dense.onnx crashed: segmentation fault\n"


@pytest.mark.parametrize(
    ("problem", "code", "line"),
    [
        (OperationFailed("it failed", "try again"), 4, "error: it failed (try again)"),
        (KeyboardInterrupt(), 130, ""),
        (MemoryError(), 4, "error: the machine is out of memory"),
        (ModuleNotFoundError("No module named 'onnx'", name="onnx.defs"), 2, "error: the package onnx is missing"),
        (ZeroDivisionError("division by zero"), 101, "ZeroDivisionError: division by zero (the traceback is in "),
        (ModuleNotFoundError("gone", name="inspector.gone"), 101, "this is a bug"),
        (RecursionError("too deep"), 101, "this is a bug"),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_what_goes_wrong_has_its_exit_code(
    command: Command, model: Path, monkeypatch: pytest.MonkeyPatch, problem: BaseException, code: int, line: str
) -> None:
    def fail(*_: object) -> Iterator[object]:
        raise problem
        yield

    monkeypatch.setattr("inspector.cli.output.drop", lambda: None)
    monkeypatch.setattr("inspector.workflows.examine.examine", fail)
    ended, out, err = command(model, "--report")
    assert (ended, out) == (code, "")
    assert line in err
    assert err.count("\n") == (1 if line else 0)
    assert "Traceback" not in err


def test_names_of_files_reach_nobody_as_they_are(command: Command, tmp_path: Path) -> None:
    path = dense_model(tmp_path / "\x1b]52;c;x\x07\u202ee\n.onnx")
    for arguments in ([path], [path, "--format", "md"], [path, "--format", "json"], [tmp_path / "absent\x1b[2J.onnx"]):
        _, out, err = command(*arguments)
        assert all(line.isprintable() for line in (out + err).split("\n"))
    assert json.loads(command(path, "--format", "json")[1])["artifact"]["path"] == str(path)


def test_a_file_name_that_is_no_unicode(command: Command, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.onnx"))
    dense_model(tmp_path / "model.onnx").rename(path)
    code, out, _ = command(path)
    assert code == 0
    assert out.startswith("caf\\udce9.onnx ")


def test_the_same_model_gives_the_same_report(command: Command, model: Path) -> None:
    assert command(model, "--format", "json")[1] == command(model, "--format", "json")[1]


def test_progress_and_notes_stay_off_a_pipe(command: Command, model: Path, tmp_path: Path) -> None:
    assert command(model, "--report", tmp_path / "out.json") == (0, "", "")
