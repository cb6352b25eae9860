"""Publishing that is cut short, killed at any file operation or refused by the system: it leaves the old state or all of it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from inspector.errors import OperationFailed
from inspector.formats.saved_model import publish_child, publish_copy
from inspector.formats.saved_model.publish import publish
from inspector.formats.saved_model.publish_child import VersionOrder, publish_in_child
from inspector.formats.saved_model.publish_draft import VersionDraft, remove_stale_drafts
from inspector.isolation.limits import CancelToken, Limits
from inspector.records.event import Started
from tests.unit.formats.saved_model import killed_publishing
from tests.unit.formats.saved_model.publishing import contents, outcome, published, saved_model, warm_up


@pytest.mark.parametrize("has_version", [True, False])
def test_killed_at_any_operation_there_is_no_version_or_the_whole_one(has_version: bool, tmp_path: Path) -> None:
    source, template = saved_model(tmp_path / "source"), tmp_path / "template"
    plan = warm_up(tmp_path / "samples")
    if has_version:
        saved_model(template / "3")
    published(source, tmp_path / "whole", 4, warm_up=plan, contract=b'{"contract":1}\n')
    whole, plain = contents(tmp_path / "whole" / "4"), contents(source)
    older = {"3": plain} if has_version else {}
    paths = (source, tmp_path / "samples", template, tmp_path / "serving")
    command = [sys.executable, killed_publishing.__file__, *map(str, paths)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=200, env=environment)
    assert ran.returncode == 0, ran.stderr
    runs = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(runs) > 40
    assert [run["killed"] for run in runs] == [True] * (len(runs) - 1) + [False]
    for run in runs:
        if "4" in run["left"]["versions"]:
            assert run["left"]["versions"] == {**older, "4": whole}
            assert run["then"]["versions"] == {**older, "4": whole, "5": plain}
        else:
            assert run["left"]["versions"] == older
            assert run["then"]["versions"] == {**older, "4": whole}
        assert run["then"]["names"] == sorted(run["then"]["versions"])
    assert any("4" in run["left"]["versions"] and run["killed"] for run in runs)
    assert any(any(name.startswith(".4.draft-") for name in run["left"]["names"]) for run in runs)


def test_who_polls_the_folder_never_sees_half_a_version(tmp_path: Path) -> None:
    source, serving = saved_model(tmp_path / "source"), tmp_path / "serving"
    serving.mkdir()
    plain = contents(source)
    seen: list[dict[str, str]] = []
    stopping = threading.Event()

    def poll() -> None:
        while not stopping.is_set():
            seen.extend(contents(path) for path in serving.iterdir() if path.name.isdecimal())

    poller = threading.Thread(target=poll)
    poller.start()
    try:
        for version in range(1, 6):
            publish_in_child(VersionOrder(os.fsencode(source), os.fsencode(serving), version), lambda *_: None)
    finally:
        stopping.set()
        poller.join()
    assert seen
    assert all(one == plain for one in seen)


def test_nothing_changes_in_a_version_once_it_has_its_name_and_all_is_flushed_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, serving = saved_model(tmp_path / "source"), tmp_path / "serving"
    done: list[tuple[str, str]] = []
    real: dict[str, Any] = {
        name: getattr(os, name) for name in ("open", "mkdir", "fsync", "rename", "write", "copy_file_range")
    }

    def noting(name: str) -> Any:
        def noted(*arguments: Any, **named: Any) -> Any:
            what = arguments[1] if name in ("rename", "copy_file_range") else arguments[0]
            path = f"/proc/self/fd/{what}" if isinstance(what, int) else what
            done.append((name, os.path.realpath(path)))
            return real[name](*arguments, **named)

        return noted

    for name in real:
        monkeypatch.setattr(os, name, noting(name))
    order = VersionOrder(os.fsencode(source), os.fsencode(serving), 7, warm_up(tmp_path / "samples"), b"{}")
    publish_in_child(order, lambda *_: None)
    monkeypatch.undo()
    named = done.index(("rename", str(serving / "7")))
    flushed = {Path(path) for name, path in done[:named] if name == "fsync"}
    draft = next(path for path in flushed if path.name.startswith(".7.draft-"))
    assert {path.relative_to(draft).as_posix() for path in flushed if path != draft and path.is_relative_to(draft)} == set(
        contents(serving / "7")
    )
    last_write = max(at for at, (name, path) in enumerate(done) if name in ("write", "copy_file_range") and str(draft) in path)
    last_flush = max(at for at, (name, path) in enumerate(done[:named]) if name == "fsync" and str(draft) in path)
    assert last_write < last_flush < named
    assert ("fsync", str(serving)) in done[named:]
    assert not [path for name, path in done[named + 1 :] if name != "fsync" and Path(path).is_relative_to(serving / "7")]


def test_a_version_that_appears_meanwhile_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, serving = saved_model(tmp_path / "source"), tmp_path / "serving"
    other = saved_model(tmp_path / "other", predict=b"")

    def race(folder: Path) -> None:
        publish_copy.flush_tree(folder)
        shutil.copytree(other, serving / "4")

    monkeypatch.setattr(publish_child, "flush_tree", race)
    with pytest.raises(OperationFailed, match=r"cannot write .*/serving/4: directory not empty"):
        publish_in_child(VersionOrder(os.fsencode(source), os.fsencode(serving), 4), lambda *_: None)
    assert contents(serving / "4") == contents(other)
    assert [path.name for path in serving.iterdir()] == ["4"]


def test_cancelled_it_leaves_nothing(tmp_path: Path) -> None:
    source, token = saved_model(tmp_path / "source"), CancelToken()
    steps = publish(source, tmp_path / "serving", 1, None, None, False, token, Limits(1 << 30, 60))
    assert isinstance(next(steps), Started)
    token.cancel()
    with pytest.raises(OperationFailed, match="cancelled"):
        outcome(steps)
    assert not (tmp_path / "serving").exists()


def test_drafts_of_others_and_names_that_only_look_like_drafts_stay(tmp_path: Path) -> None:
    serving = tmp_path / "serving"
    in_use = VersionDraft(serving, 3)
    for name in (".2.draft-00000000", ".2.draft-0000000", ".x.draft-00000000", "2.draft-00000000"):
        (serving / name).mkdir()
    (serving / ".9.draft-00000000").symlink_to(serving / ".x.draft-00000000")
    remove_stale_drafts(serving)
    assert sorted(path.name for path in serving.iterdir()) == sorted(
        [in_use.folder.name, ".2.draft-0000000", ".x.draft-00000000", "2.draft-00000000", ".9.draft-00000000"]
    )
    in_use.close()
    assert not in_use.folder.exists()


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("may not mount a small disk here")
    try:
        source = saved_model(tmp_path / "source")
        (source / "assets" / "large").write_bytes(bytes(200 << 10))
        with pytest.raises(OperationFailed, match=r"cannot write .*/disk/4: it takes [\d,]+ bytes and [\d,]+ are free there"):
            published(source, disk, 4)
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_disk_that_fills_up_meanwhile_is_said(tmp_path: Path) -> None:
    source = saved_model(tmp_path / "source")
    (source / "assets" / "large").write_bytes(bytes(200 << 10))
    saved_model(tmp_path / "serving" / "1")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100 << 10, hard))
    try:
        with pytest.raises(OperationFailed, match=r"cannot write .*/serving/4: file too large") as raised:
            published(source, tmp_path / "serving", 4)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "ulimit" in raised.value.hint
    assert [path.name for path in (tmp_path / "serving").iterdir()] == ["1"]


PUBLISH = """
import sys
from pathlib import Path
from inspector.errors import OperationFailed
from tests.unit.formats.saved_model.publishing import published
try:
    published(Path(sys.argv[1]), Path(sys.argv[2]), 4)
except OperationFailed as error:
    print(error)
"""


def test_a_read_only_folder_is_said(tmp_path: Path) -> None:
    source = saved_model(tmp_path / "source")
    serving = tmp_path / "serving"
    serving.mkdir(mode=0o500)
    # Permissions hold for root, too, without the right to override them.
    without_override = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.geteuid() == 0 else []
    command = [*without_override, sys.executable, "-c", PUBLISH, str(source), str(serving)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[4])
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"cannot write {serving}/4: permission denied (name a folder you may write to)\n"
