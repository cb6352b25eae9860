"""Publishing versions: what is written, what is refused in one line, and what is told of the version before."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inspector.errors import OperationFailed, UnreadableArtifact, UsageError
from inspector.formats.saved_model.publish import check_place, plan_version
from inspector.formats.saved_model.publish_child import CONTRACT_FILE
from inspector.formats.saved_model.publish_places import LARGEST_VERSION, version_of
from inspector.formats.saved_model.read import read
from inspector.formats.saved_model.signature_drift import SignatureDrift
from inspector.formats.saved_model.warm_up_writing import warm_up_file
from inspector.formats.saved_model.warmup import WARM_UP
from inspector.records.publishing import WarmUpInputs, WarmUpPlan
from tests.unit.formats.saved_model.publishing import (
    PREDICT,
    contents,
    named_signature,
    published,
    samples,
    saved_model,
    warm_up,
    written,
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return saved_model(tmp_path / "source")


def test_a_version_is_a_copy_with_its_contract_and_requests(source: Path, tmp_path: Path) -> None:
    before = contents(source)
    (source / ".git").mkdir()
    (source / ".git" / "config").write_text("")
    (source / "variables" / "empty").mkdir()
    made = published(source, tmp_path / "serving", 4, warm_up=warm_up(tmp_path / "samples"), contract=b'{"contract":1}\n')
    version = tmp_path / "serving" / "4"
    assert {**before, "variables/empty": ""}.items() <= contents(version).items()
    assert (version / CONTRACT_FILE).read_bytes() == b'{"contract":1}\n'
    assert (made.path, made.version, made.warm_up_requests, made.compared_with) == (str(version), 4, 3, None)
    files = [path for path in version.rglob("*") if path.is_file()]
    assert (made.files, made.size_bytes) == (len(files), sum(path.stat().st_size for path in files))
    assert made.notes == ("hidden entries were not copied: .git",)
    assert all(path.stat().st_nlink == 1 for path in files)
    opened = read(tmp_path / "serving")
    assert opened.saved_model is not None
    assert [one.version for one in opened.saved_model.versions] == [4]
    assert opened.saved_model.warm_up is not None
    assert (opened.saved_model.warm_up.problem, opened.saved_model.warm_up.request_count) == ("", 3)


def test_others_may_read_what_is_published(source: Path, tmp_path: Path) -> None:
    for path in (source, *source.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    before = os.umask(0o022)
    try:
        written(source, tmp_path / "serving", 1)
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "serving").rglob("*")}
    assert modes == {0o755, 0o644}


def test_requests_of_the_source_are_kept_unless_there_are_new_ones(source: Path, tmp_path: Path) -> None:
    older = warm_up_file(warm_up(tmp_path / "older", 2)).content
    (source / "assets.extra").mkdir()
    (source / WARM_UP).write_bytes(older)
    kept = written(source, tmp_path / "serving", 1)
    assert (tmp_path / "serving" / "1" / WARM_UP).read_bytes() == older
    replaced = written(source, tmp_path / "serving", 2, warm_up=warm_up(tmp_path / "newer", 5))
    assert (kept.warm_up_requests, replaced.warm_up_requests) == (2, 5)
    assert (source / WARM_UP).read_bytes() == older


def test_the_next_version_follows_the_largest(source: Path, tmp_path: Path) -> None:
    serving = tmp_path / "serving"
    assert published(source, serving, None).version == 1
    written(source, serving, 9)
    (serving / "0012").write_text("a file that a server takes for a version")
    (serving / "latest").mkdir()
    assert check_place(serving, None) == 13
    below = published(source, serving, 4)
    assert (below.compared_with, below.notes) == (1, ("servers go on with version 9, which is larger",))


@pytest.mark.parametrize("taken", ["4", "04", "4 as a file", "4 as a link"])
def test_a_version_that_is_there_is_refused(source: Path, tmp_path: Path, taken: str) -> None:
    serving = tmp_path / "serving"
    serving.mkdir()
    name, _, kind = taken.partition(" as a ")
    if kind == "file":
        (serving / name).write_text("")
    elif kind == "link":
        (serving / name).symlink_to(tmp_path / "nowhere")
    else:
        (serving / name).mkdir()
    before = contents(serving)
    with pytest.raises(UsageError, match=r"serving: version 4 is there already \(the next free one is 5: --version 5\)"):
        published(source, serving, 4)
    assert contents(serving) == before


@pytest.mark.parametrize("version", [0, -1, LARGEST_VERSION + 1])
def test_what_servers_take_for_no_version_is_refused(source: Path, tmp_path: Path, version: int) -> None:
    with pytest.raises(UsageError, match=f"{version} is no version"):
        published(source, tmp_path / "serving", version)


def test_the_largest_version_has_no_next(source: Path, tmp_path: Path) -> None:
    written(source, tmp_path / "serving", LARGEST_VERSION)
    with pytest.raises(UsageError, match="there is no version after"):
        published(source, tmp_path / "serving", None)
    assert version_of(str(LARGEST_VERSION)) == LARGEST_VERSION
    assert [version_of(name) for name in ("٤", "+4", "4.0", " 4", "", "9" * 30)] == [None] * 6


def linked(tmp_path: Path, target: Path) -> Path:
    (tmp_path / "link").symlink_to(target)
    return tmp_path / "link"


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (lambda source, _: source, "it is a SavedModel itself"),
        (lambda source, tmp: linked(tmp, source), "it is a SavedModel itself"),
        (lambda source, _: source / "versions", "it lies in .*/source, which is read"),
        (lambda source, _: source.parent, "source, which is read, lies in it"),
        (lambda source, _: source / "saved_model.pb", "it is no folder"),
        (lambda _, tmp: tmp / "not" / "there", "there is no folder .*/not"),
        (lambda _, tmp: linked(tmp, tmp / "nowhere" / "at all"), "there is no folder|leads nowhere"),
        (lambda _, tmp: saved_model(tmp / "served" / "3"), "it is a SavedModel itself"),
        (lambda _, tmp: saved_model(tmp / "served" / "3").with_name("4"), "it is a version of .*/served itself"),
        (lambda _, tmp: tmp / "a\0b", "cannot write"),
    ],
)
def test_places_where_no_version_belongs_are_refused(
    source: Path, tmp_path: Path, place: Callable[[Path, Path], Path], reason: str
) -> None:
    (tmp_path / "aside").mkdir()
    before = contents(source)
    with pytest.raises((UsageError, OperationFailed), match=reason) as raised:
        published(source, place(source, tmp_path), 4)
    assert "\n" not in str(raised.value)
    assert contents(source) == before


def test_a_link_to_a_serving_folder_is_followed(source: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    made = published(source, linked(tmp_path, tmp_path / "real"), 4)
    assert made.path == str(tmp_path / "link" / "4")
    assert contents(tmp_path / "real" / "4") == contents(source)


def outward_link(source: Path) -> None:
    (source.parent / "secret").write_text("secret")
    (source / "assets" / "secret").symlink_to(source.parent / "secret")


def outward_hard_link(source: Path) -> None:
    (source.parent / "secret").write_text("secret")
    (source / "assets" / "secret").hardlink_to(source.parent / "secret")


def folder_link(source: Path) -> None:
    (source / "assets" / "loop").symlink_to(source)


def named_pipe(source: Path) -> None:
    os.mkfifo(source / "assets" / "pipe")


def dangling_link(source: Path) -> None:
    (source / "assets" / "gone").symlink_to(source / "nowhere")


def missing_data(source: Path) -> None:
    (source / "variables" / "variables.data-00000-of-00001").unlink()


def damaged_index(source: Path) -> None:
    (source / "variables" / "variables.index").write_bytes(b"no table at all".ljust(64))


def short_data(source: Path) -> None:
    (source / "variables" / "variables.data-00000-of-00001").write_bytes(bytes(8))


def missing_asset(source: Path) -> None:
    (source / "assets" / "words.txt").unlink()


def damaged_requests(source: Path) -> None:
    (source / "assets.extra").mkdir()
    (source / WARM_UP).write_bytes(b"no records at all")


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (outward_link, "cannot copy assets/secret: a symbolic link that leaves the model's folder"),
        (outward_hard_link, "cannot copy assets/secret: a hard link to a file that is also outside"),
        (folder_link, "assets/loop is a link to a folder"),
        (named_pipe, "cannot copy assets/pipe: no regular file"),
        (dangling_link, "cannot read assets/gone"),
        (missing_data, r"serving/4 could not be served: variables/variables\.data-00000-of-00001: missing"),
        (damaged_index, "serving/4 could not be served: the checkpoint is damaged: "),
        (short_data, "serving/4 could not be served: .* holds 8 bytes where the index needs 48"),
        (missing_asset, r"serving/4 could not be served: asset assets/words\.txt: the file is not there"),
        (damaged_requests, "serving/4 could not be served: warm-up requests: request 1: "),
    ],
)
def test_what_could_not_be_served_is_not_published(
    source: Path, tmp_path: Path, harm: Callable[[Path], None], reason: str
) -> None:
    harm(source)
    saved_model(tmp_path / "serving" / "3")
    with pytest.raises(OperationFailed, match=reason) as raised:
        written(source, tmp_path / "serving", 4)
    assert "\n" not in str(raised.value)
    assert [path.name for path in (tmp_path / "serving").iterdir()] == ["3"]


def test_what_is_no_saved_model_is_not_published(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableArtifact):
        published(tmp_path / "empty", tmp_path / "serving", 4)
    assert not (tmp_path / "serving").exists()


def test_a_drift_of_signatures_is_refused_unless_it_is_allowed(source: Path, tmp_path: Path) -> None:
    serving = tmp_path / "serving"
    saved_model(serving / "2", serving_default=PREDICT, embed=PREDICT)
    saved_model(serving / "3", serving_default=named_signature({b"x": [-1, 8]}, {b"y": [-1, 3]}), embed=PREDICT)
    with pytest.raises(SignatureDrift) as raised:
        published(source, serving, 4)
    assert raised.value.message == (
        f"{serving}: version 4 was not published, since it differs from version 3: signature embed is gone; "
        "signature serving_default: input x was float32[?,8] and is float32[?,4]"
    )
    assert raised.value.hint == "--allow signature-drift publishes it all the same"
    assert sorted(path.name for path in serving.iterdir()) == ["2", "3"]
    warnings: list[str] = []
    made = published(source, serving, 4, warnings, allow_drift=True)
    assert made.compared_with == 3
    assert made.differences[0] == "signature embed is gone"
    assert warnings[0] == f"{serving}: unlike version 3, signature embed is gone"


def test_a_new_signature_is_only_told(tmp_path: Path) -> None:
    saved_model(tmp_path / "serving" / "1")
    warnings: list[str] = []
    made = published(saved_model(tmp_path / "s", serving_default=PREDICT, embed=PREDICT), tmp_path / "serving", 2, warnings)
    assert made.differences == ("signature embed is new",)
    assert warnings == [f"{tmp_path / 'serving'}: unlike version 1, signature embed is new"]


def test_versions_that_cannot_be_read_are_passed_over_and_told(source: Path, tmp_path: Path) -> None:
    serving = tmp_path / "serving"
    saved_model(serving / "1", other=PREDICT)
    (serving / "2").mkdir()
    saved_model(serving / "3")
    (serving / "3" / "saved_model.pb").write_bytes(b"\xff\xff")
    warnings: list[str] = []
    made = published(source, serving, 4, warnings, allow_drift=True)
    assert made.compared_with == 1
    assert [line.partition(":")[0] for line in warnings[:2]] == [
        "signatures were not compared with version 3",
        "signatures were not compared with version 2",
    ]


def test_below_all_versions_clients_know_the_served_one(source: Path, tmp_path: Path) -> None:
    for name, signature in (("5", "other"), ("9", "serving_default")):
        saved_model(tmp_path / "serving" / name, **{signature: PREDICT})
    assert plan_version(source, tmp_path / "serving", 3, False).compared_with == 9


def test_requests_that_a_signature_does_not_take_stop_the_publishing(source: Path, tmp_path: Path) -> None:
    inputs = samples(tmp_path / "samples", [{"x": np.zeros((1, 4), np.float64)}])
    plan = WarmUpPlan("model", (WarmUpInputs("serving_default", inputs, {"x": "float32"}),))
    with pytest.raises(OperationFailed, match='input "x" is float32, and its samples hold float64'):
        written(source, tmp_path / "serving", 4, warm_up=plan)
    assert not (tmp_path / "serving").exists()
