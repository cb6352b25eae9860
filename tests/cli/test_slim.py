"""--apply slim on the command line: what is refused before any work, what is written, reported, and the exit code."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from inspector.report.schema_file import schema_text
from tests.cli.models import PAYLOADS
from tests.images.build import File, ImageSpec, build_layer, docker_archive

Command = Callable[..., tuple[int, str, str]]

SAMPLES = Path(__file__).parents[2] / "sample_models"
IMAGE = SAMPLES / "digits_image.tar"


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")


@pytest.fixture
def bloated(tmp_path: Path) -> Path:
    """Return an image with waste and with leftovers, in a folder of its own."""
    first = build_layer(
        {"etc/os-release": File(b"ID=x\n"), "app/big": File(b"b" * 50_000), "app/serve.py": File(b"print(1)\n")}
    )
    second = build_layer(
        {
            "app/big": File(b"c" * 40_000),
            "root/.cache/pip/wheel": File(b"w" * 30_000),
            "usr/share/man/man1/x.1": File(b"m" * 9_000),
        }
    )
    config = {"Cmd": ["/app/serve.py"], "Labels": {"own": "kept"}, "User": "7"}
    folder = tmp_path / "in"
    folder.mkdir()
    return docker_archive(folder / "image.tar", [ImageSpec([first, second], config)])


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refused(command: Command, *arguments: object) -> str:
    code, out, err = command(*arguments)
    assert (code, out) == (2, ""), err
    assert err.count("\n") == 1
    assert err.startswith("modelpack-tui: error: ")
    assert all(line.isprintable() for line in err.split("\n"))
    return err


@pytest.mark.parametrize(("artifact", "kind"), [("digits_cnn.onnx", "an ONNX model"), ("digits_keras", "a SavedModel")])
def test_what_is_no_image_is_refused(command: Command, artifact: str, kind: str) -> None:
    err = refused(command, SAMPLES / artifact, "--apply", "slim")
    assert f"is {kind}: --apply slim works on container images" in err


def test_steps_of_models_are_refused_on_an_image(command: Command) -> None:
    assert "--apply slim makes an image smaller" in refused(command, IMAGE, "--apply", "simplify")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--exercise", "nosuch.http"], "nosuch.http"),
        (["--exercise", "'unbalanced"], "a quotation mark has no partner"),
        (["--exercise", "http://localhost:1/"], "is a URL, not a command"),
        (["--exercise", "contract:http://localhost:8080/infer"], "posts the inputs of a contract, and none is named"),
        (["--data", "x.npz"], "--data are inputs for --exercise contract:URL"),
        (["--contract", "nosuch.yaml"], "nosuch.yaml"),
        (["--write-contract", "out.yaml"], "contracts are of models"),
        (["--dim", "batch=1"], "has no dimension named batch"),
        (["--bench", "--compare", "other.tar"], "leave out --compare, or --apply"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in refused(command, IMAGE, "--apply", "slim", *arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_values_reach_no_terminal(command: Command, payload: str) -> None:
    refused(command, IMAGE, "--apply", "slim", "--exercise", f"'{payload}".replace("\0", ""))


def test_data_that_is_not_there_is_refused_before_any_work(command: Command, tmp_path: Path) -> None:
    terms = tmp_path / "terms.yaml"
    terms.write_text("contract: 1\n")
    asked = ["--contract", terms, "--exercise", "contract:http://localhost:8080/infer", "--data", tmp_path / "no.npz"]
    assert "no.npz: there is no such file" in refused(command, IMAGE, "--apply", "slim", *asked)


def test_an_original_is_never_written_over(command: Command, bloated: Path, tmp_path: Path) -> None:
    before = digest(bloated)
    link = tmp_path / "link.tar"
    link.symlink_to(bloated)
    for target in (bloated, link):
        refused(command, bloated, "--apply", "slim", "--output", target)
    for target in (bloated, link):
        assert "would overwrite" in refused(command, bloated, "--apply", "slim", "--report", target, "--format", "json")
    assert digest(bloated) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "link.tar"]


def test_image_and_report_go_to_two_places(command: Command, bloated: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.tar"
    err = refused(command, bloated, "--apply", "slim", "--output", target, "--report", target, "--format", "md")
    assert "the report and the image would both be written to" in err
    assert not target.exists()


def slimmed(command: Command, image: Path, *arguments: object, code: int = 0) -> Any:
    found, out, err = command(image, "--apply", "slim", *arguments, "--format", "json")
    assert (found or 0) == code, err
    review = json.loads(out)
    jsonschema.validate(review, json.loads(schema_text()))
    return review


def test_without_an_engine_waste_and_leftovers_go_unproven(command: Command, bloated: Path, tmp_path: Path) -> None:
    before, target = digest(bloated), tmp_path / "small.tar"
    review = slimmed(command, bloated, "--output", target)
    flatten, clean, trace = review["slimming"]["steps"]
    assert [(one["level"], one["status"], one["verdict"]) for one in (flatten, clean, trace)] == [
        ("flatten", "accepted", "not proven"),
        ("clean", "accepted", "not proven"),
        ("trace", "skipped", "cannot run"),
    ]
    assert "no engine" in trace["reason"]
    assert flatten["proof"]["status"] == clean["proof"]["status"] == "not run"
    assert flatten["before"]["size_bytes"] > flatten["after"]["size_bytes"] > clean["after"]["size_bytes"]
    assert (flatten["output"], clean["output"]) == ("", str(target))
    assert [one["optimizer"] for one in review["changes"]] == ["slim"] * 3
    assert digest(bloated) == before
    with tarfile.open(target) as archive:
        assert {"manifest.json", "index.json", "oci-layout"} <= set(archive.getnames())
    again = json.loads(command(target, "--digest", "--format", "json")[1])
    assert again["image"]["reclaimable_bytes"] == 0
    assert {layer["verification"] for layer in again["image"]["layers"]} == {"verified"}
    assert again["image"]["config"]["labels"]["own"] == "kept"
    assert again["image"]["config"]["labels"]["org.modelpack-tui.slim.level"] == "clean"
    assert again["image"]["config"]["user"] == "7"


def test_what_must_stay_stays_and_the_same_request_gives_the_same_digest(
    command: Command, bloated: Path, tmp_path: Path
) -> None:
    asked = ["--slim-level", "clean", "--slim-keep", "/root/.cache/**", "--layer-compression", "zstd"]
    one, other = (slimmed(command, bloated, *asked, "--output", tmp_path / name, code=0) for name in ("a.tar", "b/"))
    assert one["slimming"]["steps"][0]["digest"] == other["slimming"]["steps"][0]["digest"]
    kept = json.loads(command(tmp_path / "b", "--format", "json")[1])["image"]
    assert any(layer["media_type"].endswith("+zstd") for layer in kept["layers"])
    assert kept["final_bytes"] >= 70_000


def test_a_level_that_was_named_and_cannot_run_ends_with_exit_code_1(command: Command, bloated: Path) -> None:
    (step,) = slimmed(command, bloated, "--slim-level", "trace", "--exercise", "true", code=1)["slimming"]["steps"]
    assert (step["verdict"], step["after"]) == ("cannot run", None)


def test_nothing_to_write_ends_with_exit_code_1(command: Command, tmp_path: Path) -> None:
    lean = docker_archive(tmp_path / "lean.tar", [ImageSpec([build_layer({"app": File(b"x")})], {"Cmd": ["/app"]})])
    review = slimmed(command, lean, "--slim-level", "flatten")
    assert review["slimming"]["steps"][0]["verdict"] == "nothing to do"
    target = tmp_path / "out.tar"
    code, _, err = command(lean, "--apply", "slim", "--slim-level", "flatten", "--output", target)
    assert code == 1
    assert f"{target} was not written: no level was accepted" in err
    assert not target.exists()


@pytest.mark.parametrize("format_", ["text", "md"])
def test_reports_say_that_nothing_is_proven(command: Command, format_: str) -> None:
    code, out, err = command(IMAGE, "--apply", "slim", "--format", format_)
    assert code in (0, None), err
    assert "NOT PROVEN" in out
    assert "the slimmed image was not written: --output says where to" in err


def test_what_cannot_be_saved_is_reported_first_and_nothing_is_left(command: Command, bloated: Path, tmp_path: Path) -> None:
    before = digest(bloated)
    code, out, err = command(bloated, "--apply", "slim", "--slim-level", "flatten", "--output", "/proc/out.tar")
    assert code == 4
    assert "flatten: not proven" in out
    assert "/proc/out.tar" in err.splitlines()[-1]
    assert digest(bloated) == before
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize(
    ("target", "message"),
    [("missing/out.tar", "there is no folder"), ("docker://Upper", "is no name for an image"), ("in", "is not empty")],
)
def test_a_place_that_takes_no_image_is_refused_before_any_work(
    command: Command, bloated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in refused(command, bloated, "--apply", "slim", "--output", target)


def test_with_bench_and_no_engine_the_pull_of_both_is_modelled(command: Command, bloated: Path, tmp_path: Path) -> None:
    asked = ["--slim-level", "flatten", "--output", tmp_path / "out.tar", "--bench", "--cache", "cold"]
    review = slimmed(command, bloated, *asked)
    assert [(run["subject"], run["status"]) for run in review["benchmarks"]] == [
        ("before", "not measured"),
        ("after", "not measured"),
    ]
    assert all(run["phases"]["transfer"]["modelled"] for run in review["benchmarks"])
