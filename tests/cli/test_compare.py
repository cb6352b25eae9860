"""What `--compare` prints and writes, and the codes it exits with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.cli.compare_command import compare
from inspector.cli.options import parse
from inspector.errors import UnreadableArtifact, UsageError
from tests.compared import images, onnx_models


def run(*arguments: object) -> int:
    options = parse(list(map(str, arguments)))
    assert options.bench is not None
    return compare(options, options.bench)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pair")
    before = onnx_models.write(onnx_models.base(), folder / "a")
    return before, onnx_models.write(onnx_models.base(), folder / "b", onnx_models.swapped_operator)


def test_a_difference_is_reported_and_is_no_failure(pair: tuple[Path, Path], capfd: pytest.CaptureFixture[str]) -> None:
    assert run(pair[0], "--compare", pair[1]) == 0
    out = capfd.readouterr().out
    assert "1 node changed, 1 output differs; " in out
    assert "operator Relu -> LeakyRelu" in out


def test_markdown_and_json_hold_the_comparison(pair: tuple[Path, Path], tmp_path: Path) -> None:
    markdown, record = tmp_path / "r.md", tmp_path / "r.json"
    assert run(pair[0], "--compare", pair[1], "--report", markdown) == 0
    assert "### Differences: structure" in markdown.read_text()
    assert run(pair[0], "--compare", pair[1], "--report", record) == 0
    comparison = json.loads(record.read_text())["comparison"]
    assert comparison["kind"] == "onnx"
    assert comparison["same"] is False
    assert [one["what"] for one in comparison["differences"] if one["area"] == "structure"] == ["LeakyRelu stem_relu"]


def test_the_same_path_twice_is_the_same(pair: tuple[Path, Path], capfd: pytest.CaptureFixture[str]) -> None:
    assert run(pair[0], "--compare", pair[0]) == 0
    assert "  the same\n" in capfd.readouterr().out


def test_a_review_stands_for_its_artifact(pair: tuple[Path, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    record = tmp_path / "r.json"
    assert run(pair[0], "--compare", pair[0], "--report", record) == 0
    assert run(record, "--compare", pair[1], "--format", "md") == 0
    out = capfd.readouterr().out
    assert "| added | `LeakyRelu` |" in out
    assert run(record, "--compare", record) == 0


def test_an_image_beside_a_model_is_a_mistake(pair: tuple[Path, Path], tmp_path: Path) -> None:
    image = images.write(tmp_path / "i.tar")
    with pytest.raises(UsageError, match="one is a container image"):
        run(pair[0], "--compare", image)


def test_a_review_cannot_be_measured(pair: tuple[Path, Path], tmp_path: Path) -> None:
    record = tmp_path / "r.json"
    assert run(pair[0], "--compare", pair[0], "--report", record) == 0
    with pytest.raises(UsageError, match="a review cannot be measured"):
        run(pair[0], "--compare", record, "--bench")


@pytest.mark.parametrize("content", [None, b"", b"\x08", b'{"schema": 1, "tool": {"version"', b'{"schema": 99, "tool": 3}'])
def test_another_one_that_cannot_be_read(pair: tuple[Path, Path], tmp_path: Path, content: bytes | None) -> None:
    other = tmp_path / "other.onnx"
    if content is not None:
        other.write_bytes(content)
    with pytest.raises(UnreadableArtifact, match=r"other\.onnx"):
        run(pair[0], "--compare", other)


def test_the_report_never_goes_over_either_artifact(pair: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError):
        run(pair[0], "--compare", pair[1], "--report", pair[1], "--format", "json")


def test_weights_that_are_cut_short_are_unknown(
    pair: tuple[Path, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = onnx_models.write(onnx_models.base(), tmp_path / "m", onnx_models.external)
    data = other.parent / "weights.bin"
    data.write_bytes(data.read_bytes()[:100])
    assert run(pair[0], "--compare", other) == 0
    out = capfd.readouterr().out
    assert "weights could not be compared" in out
    assert "values of 6 weights could not be read" in " ".join(out.split())


def test_hostile_names_stay_text(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    hostile = "</script>\x1b]52;c;x\x07[/foo]\u202e" + "n" * 10_000
    before, after = onnx_models.base(), onnx_models.base()
    before.graph.node[1].name = after.graph.node[1].name = hostile
    after.graph.node[1].op_type = "Tanh"
    paths = onnx_models.write(before, tmp_path / "a"), onnx_models.write(after, tmp_path / "b")
    for form in ("text", "md", "json"):
        assert run(paths[0], "--compare", paths[1], "--format", form) == 0
        out = capfd.readouterr().out
        assert "\x1b" not in out
        assert "\u202e" not in out
