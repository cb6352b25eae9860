"""The command on container images: every report, every way they are stored, names of images, and what is refused."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from inspector.report.schema_file import schema_text
from tests.cli.models import PAYLOADS
from tests.images.artifacts import artifact_members, model_pack
from tests.images.build import (
    File,
    ImageSpec,
    build_layer,
    docker_archive,
    legacy_docker_archive,
    oci_archive,
    oci_layout,
    platforms_archive,
    write_archive,
)
from tests.unit.workflows.images import ONNX, SECRET, serving_archive, serving_image

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")


def review_of(command: Command, *arguments: object) -> Any:
    code, out, err = command(*arguments, "--format", "json")
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return serving_archive(tmp_path / "image.tar", "gzip")


def test_json_keeps_to_the_schema_and_says_what_is_in_it(command: Command, archive: Path) -> None:
    review = review_of(command, archive)
    jsonschema.validate(review, json.loads(schema_text()))
    image = review["image"]
    assert review["artifact"]["format"] == "image"
    assert review["graph"] is None
    assert image["shipped_bytes"] - image["final_bytes"] == image["reclaimable_bytes"] == 20_000
    assert {one["cause"]: one["bytes"] for one in image["waste"]} == {"overwritten": 10_000, "deleted": 10_000, "copied_up": 0}
    assert image["leftovers"]["union_bytes"] == 9_000
    assert [(one["path"], one["format"]) for one in image["artifacts"]] == [("/models/digits.onnx", "onnx")]
    assert [one["name"] for one in image["packages"]] == ["pkg"]
    assert image["layers"][0]["created_by"] == "ADD rootfs / # buildkit"
    assert image["file_count"] == 7


def test_every_way_of_storing_it_says_the_same(command: Command, tmp_path: Path) -> None:
    spec = [serving_image("gzip")]
    plain = [serving_image()]
    paths = [
        docker_archive(tmp_path / "docker.tar", spec),
        docker_archive(tmp_path / "docker.tar.gz", spec, "gzip"),
        docker_archive(tmp_path / "docker.tar.zst", spec, "zstd"),
        oci_archive(tmp_path / "oci.tar", spec),
        oci_layout(tmp_path / "layout", spec),
        legacy_docker_archive(tmp_path / "legacy.tar", plain),
    ]
    figures = []
    for path in paths:
        image = review_of(command, path)["image"]
        figures.append([image[key] for key in ("file_count", "shipped_bytes", "final_bytes", "waste", "artifacts", "packages")])
        for share in figures[-1][3]:
            del share["compressed_bytes"]
    assert all(one == figures[0] for one in figures)


@pytest.mark.parametrize("format_", ["text", "md"])
def test_reports_name_layers_waste_packages_models_and_advice(command: Command, archive: Path, format_: str) -> None:
    code, out, err = command(archive, "--format", format_)
    assert (code, err) == (0, "")
    for said in (
        *("container image", "linux/amd64", "shop/serve:1", "COPY models /models", "20.0 KB reclaimable", "overwritten"),
        *(
            "/data/a.bin",
            "same content twice",
            "pkg",
            "/models/digits.onnx",
            "/app/serve.sh",
            "runs-as-root",
            "only the weights",
        ),
    ):
        assert said in out, said
    assert SECRET not in out


def test_without_a_terminal_the_text_report_is_printed(command: Command, archive: Path) -> None:
    assert command(archive) == command(archive, "--report")


def test_digest_verifies_layers_and_hashes_the_archive(command: Command, archive: Path) -> None:
    review = review_of(command, archive, "--digest")
    assert review["artifact"]["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert {layer["verification"] for layer in review["image"]["layers"]} == {"verified"}


def test_a_changed_byte_is_found(command: Command, tmp_path: Path) -> None:
    path = serving_archive(tmp_path / "image.tar")
    data = bytearray(path.read_bytes())
    at = data.index(b"b" * 10_000) + 5
    data[at] = ord("c")
    path.write_bytes(data)
    review = review_of(command, path, "--digest")
    assert "mismatch" in {layer["verification"] for layer in review["image"]["layers"]}
    assert any(finding["severity"] == "high" and "digest" in finding["message"] for finding in review["findings"])


def test_the_platform_asked_for_is_reported(command: Command, tmp_path: Path) -> None:
    specs = [ImageSpec([build_layer({name: File(b"x")})], platform=f"linux/{name}") for name in ("amd64", "arm64")]
    path = platforms_archive(tmp_path / "image.tar", specs)
    review = review_of(command, path, "--platform", "linux/arm64")
    assert review["image"]["platform"].startswith("linux/arm64")
    assert {one["kind"] for one in review["image"]["manifests"]} == {"image", "attestation"}
    code, out, err = command(path, "--platform", "linux/mips64le", "--report")
    assert (code, out) == (2, "")
    assert "linux/arm64" in err
    assert err.count("\n") == 1


def test_an_artifact_that_is_no_image_lists_its_blobs(command: Command, tmp_path: Path) -> None:
    path = write_archive(tmp_path / "model.tar", artifact_members(model_pack({"digits.onnx": ONNX, "README.md": b"# d"})))
    review = review_of(command, path)
    assert review["image"]["artifact_type"].startswith("application/vnd.cncf.model")
    assert "weights" in {blob["role"] for blob in review["image"]["blobs"]}
    assert [one["path"] for one in review["image"]["artifacts"]] == ["digits.onnx"]
    text = command(path, "--report")[1]
    assert "OCI artifact" in text
    assert "digits.onnx" in text


@pytest.mark.parametrize("name", ["image.tar", "layout/index.json", "layout/oci-layout", "layout/manifest.json"])
def test_what_is_reported_on_is_never_overwritten(command: Command, tmp_path: Path, name: str) -> None:
    artifact = (
        serving_archive(tmp_path / "image.tar") if name == "image.tar" else oci_layout(tmp_path / "layout", [serving_image()])
    )
    victim = tmp_path / name
    if not victim.exists():
        victim = next(path for path in sorted((tmp_path / "layout" / "blobs").rglob("*")) if path.is_file())
    before = victim.read_bytes()
    link = tmp_path / "link.json"
    link.symlink_to(victim)
    for target in (victim, link):
        code, out, err = command(artifact, "--report", target, "--format", "json")
        assert (code, out) == (2, "")
        assert "would overwrite" in err
    assert victim.read_bytes() == before


def test_a_report_of_an_image_is_written_whole(command: Command, archive: Path, tmp_path: Path) -> None:
    target = tmp_path / "review.md"
    code, out, _ = command(archive, "--report", target)
    assert (code, out) == (0, "")
    assert target.read_text().rstrip().endswith("verdict: pass")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.tar", "review.md"]


def test_neither_file_nor_image_is_one_line_that_says_both(command: Command) -> None:
    code, out, err = command("nosuch:1", "--report")
    assert (code, out) == (3, "")
    assert err.startswith("modelpack-tui: error: nosuch:1: no such file or folder, and ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["docker://nosuch:1", "docker://nosuch"])
def test_an_engine_that_is_not_there_is_one_line(command: Command, name: str) -> None:
    code, out, err = command(name, "--report")
    assert (code, out) == (3, "")
    assert name in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["nosuch.onnx", "./nosuch", "/nosuch", "nosuch.tar", "nosuch/"])
def test_a_path_is_never_tried_on_an_engine(command: Command, name: str) -> None:
    code, _, err = command(name, "--report")
    assert code == 3
    assert "engine" not in err


@pytest.mark.parametrize("name", ["docker://", "docker://Upper", "docker://a b"])
def test_what_is_no_name_of_an_image_is_a_usage_error(command: Command, name: str) -> None:
    code, _, err = command(name, "--report")
    assert code == 2
    assert "names no image" in err


def test_an_archive_of_something_else_is_one_line(command: Command, tmp_path: Path) -> None:
    path = write_archive(tmp_path / "source.tar", {"readme.md": b"x"})
    code, out, err = command(path, "--report")
    assert (code, out) == (3, "")
    assert err.count("\n") == 1


@pytest.mark.parametrize("cut", [100, 5_000, 300_000])
def test_a_truncated_archive_is_a_line_or_a_finding(command: Command, archive: Path, cut: int) -> None:
    archive.write_bytes(archive.read_bytes()[:cut])
    code, out, err = command(archive, "--format", "json")
    assert code in (0, 3)
    if code:
        assert (out, err.count("\n")) == ("", 1)
    else:
        assert any(finding["severity"] == "high" for finding in json.loads(out)["findings"])


@pytest.mark.parametrize("format_", ["text", "md", "json"])
def test_hostile_names_reach_no_terminal(command: Command, tmp_path: Path, format_: str) -> None:
    names = [f"d{index}{payload}".replace("\0", "").replace("/", "_")[:90] for index, payload in enumerate(PAYLOADS)]
    files = {f"usr/include/{name}.h": File(b"x" * (5_000 + index)) for index, name in enumerate(names)}
    files |= {f"{name}.onnx": File(ONNX) for name in names[:3]}
    every = " ".join(PAYLOADS)
    spec = ImageSpec(
        [build_layer(files), build_layer({name: File(b"y") for name in names})],
        {"Env": [f"A={every}", every], "Cmd": [every], "User": every, "Labels": {every: every}, "WorkingDir": every},
        history=[{"created_by": every, "comment": every}, {"created_by": f"RUN {every}"}],
    )
    path = docker_archive(tmp_path / "image.tar", [spec])
    code, out, err = command(path, "--format", format_)
    assert (code, err) == (0, "")
    assert all(line.isprintable() for line in out.split("\n"))


def test_a_report_on_an_archive_loads_no_engine_and_no_screen(archive: Path, tmp_path: Path) -> None:
    code = (
        "import sys, inspector.__main__ as main\n"
        "code = main.run(sys.argv[1:])\n"
        "print(' '.join(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)\n"
        "sys.exit(code)"
    )
    target = tmp_path / "out.json"
    done = subprocess.run([sys.executable, "-c", code, archive, "--report", target], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(done.stderr.split()) & {"docker", "requests", "textual", "rich", "onnx", "numpy", "isal", "zstandard"} == set()
