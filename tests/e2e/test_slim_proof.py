"""The proof of a slimmed image, attacked: wrong answers, new complaints, routes without an exercise; and what is written."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from inspector.records.contract import Tolerances
from inspector.verify.serving_comparison import compare_serving
from tests.images.build import Whiteout
from tests.images.engine import PROJECT, EngineUnderTest
from tests.images.slimmed import asking, served, slimmed
from tests.images.starting import alone, loadable, nothing_stays_on, shared_folder
from tests.images.trap_images import PORT, PYTHON, TrapImages, trap_images
from tests.images.truth_cases import CASES, write_case

pytestmark = pytest.mark.timeout(900)  # on a busy machine most of it is waiting for the engine

READY = f"http://localhost:{PORT}/sum"
WEIGHTS = "/srv/models/**"
NOTICE = "/srv/legal/notice.txt"
PRINTED = b"(1.5, 2.25, 0.25)\n"
PROGRAM = """
import pathlib, struct
print(struct.unpack('<3d', pathlib.Path('/srv/models/weights.safetensors').read_bytes()[-24:]))
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> TrapImages:
    """Return the images, made once for all workers."""
    return trap_images(shared_folder(tmp_path_factory) / "trap_images")


@pytest.fixture
def engine(
    docker_engine: EngineUnderTest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EngineUnderTest]:
    """Return a Docker engine, as the one that the environment names, to one test at a time."""
    monkeypatch.setenv("DOCKER_HOST", docker_engine.host)
    with alone(shared_folder(tmp_path_factory)):
        yield docker_engine


@dataclass(frozen=True)
class Commanded:
    """What the command line wrote of the image, and what it reported."""

    archive: Path
    review: Mapping[str, Any]

    @property
    def slimming(self) -> Mapping[str, Any]:
        """What each level came to."""
        found: Mapping[str, Any] = self.review["slimming"]
        return found


@pytest.fixture(scope="module")
def commanded(images: TrapImages, docker_engine: EngineUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Commanded:
    """Return what the command made of the image by its first exercise: every level, starts compared."""
    folder = tmp_path_factory.mktemp("commanded")
    archive, report = folder / "slim.tar", folder / "review.json"
    command = [sys.executable, "-m", "inspector", images.fallback, "--apply", "slim", "--exercise", images.sum]
    options = ["--output", archive, "--report", report, "--budget", "3s", "--slim-keep", NOTICE]
    environment = {**os.environ, "DOCKER_HOST": docker_engine.host, "PYTHONPATH": str(PROJECT)}
    with alone(shared_folder(tmp_path_factory)):
        done = subprocess.run([*command, *options], capture_output=True, text=True, env=environment, timeout=200)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return Commanded(archive, json.loads(report.read_text()))


def test_the_command_reports_every_level_and_writes_the_last(commanded: Commanded) -> None:
    steps = commanded.slimming["steps"]
    assert [step["level"] for step in steps] == ["flatten", "clean", "trace"]
    assert [step["verdict"] for step in steps] == ["proven"] * 3
    sizes = [step["after"]["size_bytes"] for step in steps]
    assert commanded.slimming["original"]["size_bytes"] > sizes[0] > sizes[1] > sizes[2]
    assert commanded.slimming["output"] == str(commanded.archive)
    starts = steps[-1]["proof"]["starts"]
    assert {one["conditions"]["cache"] for one in starts if not one["phase"]} == {"cold", "warm"}
    changes = {change["choice"]: change for change in commanded.review["changes"] if change["optimizer"] == "slim"}
    assert {name: one["status"] for name, one in changes.items()} == dict.fromkeys(("flatten", "clean", "trace"), "accepted")


def test_what_the_exercise_missed_is_named_and_a_second_one_fails(
    commanded: Commanded, images: TrapImages, engine: EngineUnderTest, tmp_path: Path
) -> None:
    trace = commanded.slimming["steps"][-1]
    missed = [one["place"].lstrip("/") for one in trace["unexercised"] if one["what"] == "code"]
    assert any("srv/app/rarely.py".startswith(place) for place in missed), trace["unexercised"]
    request = asking([images.rarely], READY)
    original = served(loadable(images.fallback, tmp_path / "original"), request)
    found = served(loadable(commanded.archive, tmp_path / "traced"), request)
    assert {one.status for one in original.answers} == {200}
    assert {one.status for one in found.answers} == {500}
    assert all(b"No module named 'rarely'" in one.body for one in found.answers)
    assert not compare_serving([original], found, Tolerances()).equal


def test_an_image_that_answers_200_with_the_wrong_output_is_rejected(
    images: TrapImages, engine: EngineUnderTest, tmp_path: Path
) -> None:
    target = tmp_path / "wrong.tar"
    with nothing_stays_on(engine):
        request = asking([images.sum], READY, levels=("trace",), keep=(NOTICE,), drop=(WEIGHTS,), budget_seconds=1)
        found = slimmed(images.fallback, request, str(target))
    (step,) = found.steps
    assert (step.status, step.verdict) == ("rejected", "rejected")
    assert step.proof is not None
    differences = {(one.step, one.place, one.before, one.after) for one in step.proof.differences}
    assert any(place == "$.sum" and before == "4.0" and after == "0.0" for _, place, before, after in differences)
    assert "srv/models/weights.safetensors" in {path.lstrip("/") for path in step.proof.missing} or "sum" in step.reason
    assert list(tmp_path.iterdir()) == []


def test_a_new_complaint_is_answered_by_adding_back_what_it_names(
    images: TrapImages, engine: EngineUnderTest, tmp_path: Path
) -> None:
    target = tmp_path / "rescued.tar"
    found = slimmed(images.fallback, asking([images.sum], READY, levels=("trace",)), str(target))
    (step,) = found.steps
    assert (step.status, step.verdict) == ("accepted", "proven"), step.reason
    assert step.proof is not None
    first, *more = step.proof.attempts
    assert first.outcome == "failed"
    assert "notice.txt is missing" in first.reason
    assert more[-1].outcome == "passed"
    assert any("notice" in name or "legal" in name for name in more[-1].added_back)
    assert NOTICE.lstrip("/") in _final_paths(target)


def test_a_new_complaint_that_nothing_may_answer_is_a_rejection(
    images: TrapImages, engine: EngineUnderTest, tmp_path: Path
) -> None:
    request = asking([images.sum], READY, levels=("trace",), drop=(NOTICE,), budget_seconds=1)
    (step,) = slimmed(images.fallback, request, str(tmp_path / "none.tar")).steps
    assert step.status == "rejected"
    assert step.proof is not None
    assert any(NOTICE in line for line in step.proof.new_messages)
    assert NOTICE.lstrip("/") in {path.lstrip("/") for path in step.proof.missing}
    assert list(tmp_path.iterdir()) == []


def test_the_same_input_gives_the_same_bytes(
    commanded: Commanded, images: TrapImages, engine: EngineUnderTest, tmp_path: Path
) -> None:
    target = tmp_path / "again.tar"
    found = slimmed(images.fallback, asking([images.sum], READY, levels=("trace",), keep=(NOTICE,)), str(target))
    before, after = commanded.slimming["steps"][-1], found.steps[-1]
    assert after.digest == before["digest"]
    assert [list(layer) for layer in after.layers] == before["layers"]
    assert _digest(target) == _digest(commanded.archive)


def test_a_change_of_weights_moves_one_layer(
    commanded: Commanded, images: TrapImages, engine: EngineUnderTest, tmp_path: Path
) -> None:
    found = slimmed(images.retrained, asking([images.sum], READY, levels=("trace",), keep=(NOTICE,)))
    before = {part: digest for part, digest, _ in commanded.slimming["steps"][-1]["layers"]}
    after = {part: digest for part, digest, _ in found.steps[-1].layers}
    assert set(before) == set(after)
    assert {part for part in after if after[part] != before[part]} == {"weights"}


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_every_output_is_opened_by_skopeo_and_run_by_docker(
    images: TrapImages, engine: EngineUnderTest, tmp_path: Path, compression: str
) -> None:
    request = asking([], "", levels=("clean",), compression=compression)
    archive, layout = tmp_path / "image.tar", tmp_path / "layout"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
        (step,) = slimmed(images.fallback, request, str(archive), str(layout)).steps
    assert (step.status, step.verdict) == ("accepted", "not proven")
    for place in (f"docker-archive:{archive}", f"oci-archive:{archive}", f"oci:{layout}"):
        assert len(json.loads(_skopeo("inspect", place))["Layers"]) == len(step.layers)
    if compression == "gzip":
        _skopeo("copy", f"oci:{layout}", f"docker-archive:{tmp_path / 'copied.tar'}:copied-{os.getpid()}:1")
        assert [_run_by_docker(engine, tmp_path / name) for name in ("image.tar", "copied.tar")] == [PRINTED, PRINTED]
    else:  # which this engine does not take: it is sent what was transcoded
        asked = asking([images.sum], READY)
        answers = [served(loadable(place, tmp_path / f"of_{place.name}"), asked).answers for place in (archive, layout)]
        assert {one.body for found in answers for one in found} == {b'{"sum": 4.0}'}


def test_an_image_in_the_engine_is_slimmed_into_the_engine(images: TrapImages, engine: EngineUnderTest, tmp_path: Path) -> None:
    name = f"slimmed-{os.getpid()}:1"
    found = slimmed(images.fallback, asking([images.sum], READY, levels=("flatten",)), f"docker://{name}")
    client = engine.client()
    try:
        assert found.steps[-1].status == "accepted", found.steps[-1].reason
        known = client.inspect_image(name)
        assert known["RootFS"]["Layers"]
        assert known["Config"]["User"] == "app"
        assert _printed(engine, name) == PRINTED
    finally:
        client.remove_image(name, force=True)


MADE_BY_ENGINES = (".dockerenv", "dev/", "proc/", "sys/", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf")
HARD = (
    "whiteouts of files and folders",
    "opaque folders",
    "hard links in a layer, their names changed above",
    "copied up to change metadata",
    "type changes",
    "sparse files",
    "modes, owners and attributes",
    "long and odd names, PAX",
    "devices and pipes",
)


@pytest.mark.parametrize("name", HARD)
def test_exports_of_the_flattened_image_and_of_the_original_are_equal(
    name: str, engine: EngineUnderTest, tmp_path: Path
) -> None:
    case = CASES[name]
    waste = ({"gone": bytes(5000)}, *case.layers, {"gone": Whiteout()})
    began = int(time.time())
    original = write_case(replace(case, layers=waste), tmp_path / "case")
    flat = tmp_path / "flat.tar"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
        found = slimmed(original, asking([], "", levels=("flatten",)), str(flat))
    assert found.steps[-1].status == "accepted", found.steps[-1].reason
    before = _exported(engine, original, tmp_path / "before", began)
    assert before == _exported(engine, flat, tmp_path / "after", began)


def _exported(engine: EngineUnderTest, archive: Path, export: Path, began: int) -> dict[str, tuple[object, ...]]:
    """Return what docker export says of every path but those that engines make."""
    name = _loaded(engine, archive)
    try:
        engine.export(name, export)
    finally:
        engine.client().remove_image(name, force=True)
    with tarfile.open(export, errors="surrogateescape") as tar:
        return {member.name: _told(tar, member, began) for member in tar if not member.name.startswith(MADE_BY_ENGINES)}


def _told(tar: tarfile.TarFile, member: tarfile.TarInfo, began: int) -> tuple[object, ...]:
    """Return all that a member says; folders that no layer names, or engines put something into, have the time of that."""
    file = tar.extractfile(member) if member.isreg() else None
    content = hashlib.sha256(file.read()).hexdigest() if file is not None else ""
    extended = {key: value for key, value in member.pax_headers.items() if key.startswith("SCHILY.xattr.")}
    mtime = 0 if member.isdir() and member.mtime >= began else member.mtime
    numbers = (member.mode, member.uid, member.gid, mtime, member.devmajor, member.devminor)
    return member.type, member.linkname, numbers, content, tuple(sorted(extended.items()))


def _loaded(engine: EngineUnderTest, archive: Path) -> str:
    """Load an archive and return the name of its one image."""
    client = engine.client()
    before = {tag for one in client.images() for tag in one["RepoTags"] or ()}
    engine.load(archive)
    (name,) = {tag for one in client.images() for tag in one["RepoTags"] or ()} - before
    return str(name)


def _run_by_docker(engine: EngineUnderTest, archive: Path) -> bytes:
    name = _loaded(engine, archive)
    try:
        return _printed(engine, name)
    finally:
        engine.client().remove_image(name, force=True)


def _printed(engine: EngineUnderTest, name: str) -> bytes:
    """Return what a program in the image prints, as the image's own user."""
    client = engine.client()
    container = client.create_container(name, entrypoint=[str(PYTHON), "-c", PROGRAM], command=[])["Id"]
    try:
        client.start(container)
        assert client.wait(container)["StatusCode"] == 0, client.logs(container)
        printed: bytes = client.logs(container, stderr=False)
        return printed
    finally:
        client.remove_container(container, force=True, v=True)


def _skopeo(*command: str) -> str:
    done = subprocess.run(["skopeo", *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _final_paths(archive: Path) -> set[str]:
    found = set[str]()
    with tarfile.open(archive) as outer:
        manifest = outer.extractfile("manifest.json")
        assert manifest is not None
        for name in json.load(manifest)[0]["Layers"]:
            with tarfile.open(fileobj=outer.extractfile(name)) as layer:
                found.update(layer.getnames())
    return found
