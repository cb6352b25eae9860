"""Sessions of slimming without an engine: levels, what is forgotten, what is saved, and what stays behind."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.errors import OperationFailed, UsageError
from inspector.isolation.failure import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.contract import Contract
from inspector.records.event import Finished, Partial, Warned
from inspector.records.image_inspection import ImageInspection
from inspector.records.slimming import SLIM_LABELS, Exercise, Slimming, SlimProgress, SlimRequest
from inspector.workflows.inspect_image import examine_image
from inspector.workflows.slimming.session import SlimSession, slim_name
from tests.images.archives import ImageSpec, docker_archive
from tests.images.entries import File, Whiteout, build_layer

WASTEFUL = [
    build_layer({"opt/app/main.py": File(b"print(1)\n" * 50), "var/cache/apt/archives/a.deb": File(b"d" * 5000)}),
    build_layer({"opt/app/main.py": File(b"print(2)\n" * 50), "usr/share/man/man1/x.1": File(b"m" * 700)}),
]


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/engine.sock")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def opened(path: Path) -> ImageInspection:
    found = [event.result for event in examine_image(path) if isinstance(event, Finished)]
    return found[-1]


@pytest.fixture
def image(tmp_path: Path) -> ImageInspection:
    return opened(docker_archive(tmp_path / "image.tar", [ImageSpec(WASTEFUL, {"Cmd": ["/opt/app/main.py"]}, ("app:1",))]))


@pytest.fixture
def session(image: ImageInspection) -> Iterator[SlimSession]:
    made = SlimSession(image)
    yield made
    made.close()


def run(session: SlimSession) -> Slimming:
    events = list(session.run(CancelToken()))
    assert isinstance(events[-1], Finished)
    found: Slimming = events[-1].result
    return found


def test_without_an_engine_flatten_and_clean_run_unproven(session: SlimSession) -> None:
    found = run(session)
    assert [(step.level, step.status, step.verdict) for step in found.steps] == [
        ("flatten", "accepted", "not proven"),
        ("clean", "accepted", "not proven"),
        ("trace", "skipped", "cannot run"),
    ]
    flat, clean, trace = found.steps
    assert flat.after is not None
    assert clean.after is not None
    assert flat.before.size_bytes > flat.after.size_bytes > clean.after.size_bytes
    assert (flat.after.files, clean.after.files) == (3, 1)
    assert flat.proof is not None
    assert flat.proof.status == "not run"
    assert "no engine" in flat.proof.reason
    assert "no engine" in trace.reason
    assert session.measured is None


def test_what_is_going_on_is_told(session: SlimSession) -> None:
    told = [event.result for event in session.run(CancelToken()) if isinstance(event, Partial)]
    assert all(isinstance(one, SlimProgress) for one in told)
    assert [one.doing for one in told][:2] == ["flatten: writing", "flatten: not proven"]
    assert len(told[-1].steps) == 3


def test_a_run_forgets_what_the_one_before_wrote(session: SlimSession, tmp_path: Path) -> None:
    run(session)
    session.request = replace(session.request, levels=("clean",), keep=("docs",))
    found = run(session)
    assert [step.level for step in found.steps] == ["clean"]
    assert found.steps[0].after is not None
    assert found.steps[0].after.files == 2
    assert len(list(tmp_path.glob("modelpack-tui-*/work/*"))) == 1


def test_the_last_accepted_level_is_saved_with_its_provenance(
    session: SlimSession, image: ImageInspection, tmp_path: Path
) -> None:
    session.request = SlimRequest(contract=Contract(name="digits"))
    run(session)
    target = tmp_path / "slim.tar"
    last = list(session.save(str(target), CancelToken()))[-1]
    assert isinstance(last, Finished)
    assert last.result.output == str(target)
    assert [step.output for step in last.result.steps] == ["", str(target), ""]
    saved = opened(target)
    assert saved.image.digest == last.result.steps[1].digest
    assert saved.image.references == ("app:1-slim",)
    labels = saved.image.config.labels
    assert labels[SLIM_LABELS["level"]] == "clean"
    assert labels[SLIM_LABELS["source"]] == image.image.config.digest
    assert '"digits"' in labels[SLIM_LABELS["contract"]]
    assert saved.waste is not None
    assert saved.waste.reclaimable_bytes == 0


def test_nothing_is_saved_where_nothing_was_accepted(session: SlimSession, tmp_path: Path) -> None:
    session.request = SlimRequest(levels=("trace",))
    run(session)
    with pytest.raises(OperationFailed, match="no level was accepted"):
        list(session.save(str(tmp_path / "x.tar"), CancelToken()))
    assert not (tmp_path / "x.tar").exists()


def test_there_may_be_nothing_to_do(tmp_path: Path) -> None:
    tidy = [build_layer({"opt/app/main.py": File(b"print(1)\n")})]
    session = SlimSession(opened(docker_archive(tmp_path / "tidy.tar", [ImageSpec(tidy, {})])))
    found = run(session)
    session.close()
    assert [step.verdict for step in found.steps] == ["nothing to do", "nothing to do", "cannot run"]


def test_patterns_that_mean_nothing_are_said(session: SlimSession) -> None:
    session.request = SlimRequest(levels=("clean",), keep=("/nowhere/**",))
    said = [event.message for event in session.run(CancelToken()) if isinstance(event, Warned)]
    assert any("/nowhere/**" in message for message in said)


def test_closing_leaves_nothing_and_may_be_repeated(session: SlimSession, tmp_path: Path) -> None:
    run(session)
    session.close()
    session.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.tar"]


def test_cancelling_ends_at_once(session: SlimSession) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(ChildFailed) as error:
        list(session.run(token))
    assert error.value.kind == "cancelled"


def test_a_damaged_image_is_refused(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", [ImageSpec(WASTEFUL, {})])
    path.write_bytes(path.read_bytes().replace(b"usr/share/man/man1/x.1", b"usr/share/man/man1/y.1"))
    with pytest.raises(UsageError, match="cannot be slimmed: layer 2"):
        SlimSession(opened(path))


def test_room_is_looked_for_first(session: SlimSession, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 30, 1 << 30, 10))
    with pytest.raises(OperationFailed, match="bytes free"):
        list(session.run(CancelToken()))


def test_a_deleted_file_is_in_no_layer(tmp_path: Path) -> None:
    gone: dict[str, File | Whiteout] = {"opt/app/main.py": Whiteout(), "opt/app/other.py": File(b"x = 1\n")}
    layers = [*WASTEFUL, build_layer(gone.items())]
    session = SlimSession(opened(docker_archive(tmp_path / "deleted.tar", [ImageSpec(layers, {})])))
    session.request = SlimRequest(levels=("flatten",), exercises=(Exercise("command", "true", command=("true",)),))
    run(session)
    list(session.save(str(tmp_path / "flat.tar"), CancelToken()))
    session.close()
    flat = opened(tmp_path / "flat.tar")
    names = {entry.path for layer in flat.image.layers for entry in layer.entries or ()}
    assert "opt/app/other.py" in names
    assert "opt/app/main.py" not in names


def test_clean_alone_takes_the_waste_with_it(tmp_path: Path) -> None:
    layers = [build_layer({"opt/app/main.py": File(b"print(1)\n" * 50)}), build_layer({"opt/app/main.py": File(b"print(2)\n")})]
    session = SlimSession(opened(docker_archive(tmp_path / "waste.tar", [ImageSpec(layers, {})])), SlimRequest(("clean",)))
    found = run(session)
    session.request = SlimRequest(("flatten", "clean"))
    both = run(session)
    session.close()
    assert [step.verdict for step in found.steps] == ["not proven"]
    assert [step.verdict for step in both.steps] == ["not proven", "nothing to do"]


@pytest.mark.parametrize(
    ("name", "slim"),
    [
        ("app:1", "app:1-slim"),
        ("app", "app:slim"),
        ("localhost:5000/team/app", "localhost:5000/team/app:slim"),
        ("localhost:5000/app:2", "localhost:5000/app:2-slim"),
    ],
)
def test_a_slimmed_image_takes_nobodys_name_away(name: str, slim: str) -> None:
    assert slim_name(name) == slim
