"""Control groups of both versions, affinity, and neither; groups that a killed process left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from inspector.isolation.cpu_quota import QuotaRefused, cpu_grant, why_no_grant

ROOT = Path(__file__).parents[3]


def proc_of(folder: Path, cgroup: str, *mounts: str) -> Path:
    """Make a folder that says of control groups what /proc/self would."""
    proc = folder / "proc"
    proc.mkdir()
    (proc / "cgroup").write_text(cgroup)
    (proc / "mountinfo").write_text("".join(f"{line}\n" for line in mounts))
    return proc


def hierarchy(folder: Path, *groups: str, name: str = "fs") -> Path:
    """Make folders that look like a version 2 hierarchy whose groups hand the CPU controller down."""
    point = folder / name
    for group in ("", *groups):
        (point / group).mkdir(parents=True, exist_ok=True)
        (point / group / "cgroup.subtree_control").write_text("cpuset cpu io memory\n")
        (point / group / "cgroup.procs").write_text("1\n")
    return point


def emptied(group: Path) -> dict[str, str]:
    """Return what was written to a group's files and remove these, which no real group has a need for."""
    found = {file.name: file.read_text() for file in group.iterdir()}
    for file in group.iterdir():
        file.unlink()
    return found


def our_groups(folder: Path) -> list[Path]:
    return sorted(folder.glob("modelpack-tui-*"))


def test_version_2_beside_a_group_that_hands_nothing_down(tmp_path: Path) -> None:
    """A group with processes of its own cannot hand controllers down; the one above it can."""
    point = hierarchy(tmp_path, "user.slice/app.slice")
    own = point / "user.slice/app.slice/shell.scope"
    own.mkdir()
    (own / "cgroup.subtree_control").write_text("\n")
    mount = f"30 23 0:26 / {point} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
    proc = proc_of(tmp_path, "0::/user.slice/app.slice/shell.scope\n", mount)
    with cpu_grant(0.25, proc) as grant:
        (group,) = our_groups(own.parent)
        grant.take(4321)
        assert emptied(group) == {"cpu.max": "25000 100000", "cgroup.procs": "4321"}
        assert grant.note == "0.25 CPU by a control group (version 2)"
    assert our_groups(own.parent) == []


def test_version_2_whose_processes_belong_to_others(tmp_path: Path) -> None:
    point = hierarchy(tmp_path)
    (point / "cgroup.procs").unlink()
    proc = proc_of(tmp_path, "0::/\n", f"30 23 0:26 / {point} rw - cgroup2 cgroup2 rw")
    with pytest.raises(QuotaRefused, match="not ours to move"), cpu_grant(0.5, proc):
        pass
    assert our_groups(point) == []
    with cpu_grant(1, proc) as grant:
        assert grant.note == "1 CPU by affinity"


def test_a_process_that_the_kernel_refuses_to_move(tmp_path: Path) -> None:
    point = hierarchy(tmp_path)
    proc = proc_of(tmp_path, "0::/\n", f"30 23 0:26 / {point} rw - cgroup2 cgroup2 rw")
    with cpu_grant(0.5, proc) as grant:
        (group,) = our_groups(point)
        (group / "cgroup.procs").mkdir()
        with pytest.raises(QuotaRefused, match="put into a control group"):
            grant.take(4321)
        (group / "cgroup.procs").rmdir()
        emptied(group)


def test_version_1_in_a_container_that_sees_its_own_part(tmp_path: Path) -> None:
    point = tmp_path / "a cpu,cpuacct"
    point.mkdir()
    escaped = str(point).replace(" ", "\\040")
    mount = f"31 23 0:27 /docker/abc {escaped} rw - cgroup cgroup rw,cpu,cpuacct"
    proc = proc_of(tmp_path, "4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n", mount)
    with cpu_grant(1, proc) as grant:
        (group,) = our_groups(point)
        grant.take(77)
        assert emptied(group) == {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "100000", "cgroup.procs": "77"}
    assert our_groups(point) == []


def test_version_2_without_the_controller_leaves_it_to_version_1(tmp_path: Path) -> None:
    unified, cpu = tmp_path / "unified", tmp_path / "cpu"
    unified.mkdir()
    cpu.mkdir()
    (unified / "cgroup.subtree_control").write_text("\n")
    mounts = (f"30 23 0:26 / {unified} rw - cgroup2 cgroup2 rw", f"31 23 0:27 / {cpu} rw - cgroup cgroup rw,cpu")
    with cpu_grant(0.5, proc_of(tmp_path, "1:cpu:/\n0::/\n", *mounts)) as grant:
        assert "version 1" in grant.note
        emptied(our_groups(cpu)[0])


def test_without_groups_whole_processors_are_granted_by_affinity(tmp_path: Path) -> None:
    with cpu_grant(1, proc_of(tmp_path, "0::/\n")) as grant, subprocess.Popen(["sleep", "60"]) as process:
        grant.take(process.pid)
        assert len(os.sched_getaffinity(process.pid)) == 1
        assert grant.note == "1 CPU by affinity"
        process.kill()


@pytest.mark.parametrize("cpus", [0.5, 1.5])
def test_without_groups_shares_are_refused_with_the_reason(tmp_path: Path, cpus: float) -> None:
    if cpus > len(os.sched_getaffinity(0)):
        pytest.skip("one processor")
    point = tmp_path / "fs"
    point.mkdir()
    (point / "cgroup.subtree_control").write_text("\n")
    proc = proc_of(tmp_path, "0::/\n", f"30 23 0:26 / {point} rw - cgroup2 cgroup2 rw")
    with pytest.raises(QuotaRefused, match="hands its CPU controller down") as caught, cpu_grant(cpus, proc):
        pass
    assert caught.value.hint


@pytest.mark.parametrize(("cpus", "words"), [(0.0, "least"), (0.001, "least"), (-1, "least"), (4096, "may use")])
def test_what_no_machine_grants(cpus: float, words: str) -> None:
    assert words in why_no_grant(cpus)
    assert words in why_no_grant(float("nan")) or cpus > 0 or words == "least"


def test_a_mount_that_does_not_make_sense_is_passed_over(tmp_path: Path) -> None:
    proc = proc_of(tmp_path, "nonsense\n0::/../../..\n", "", "30 23", f"30 23 0:26 / {tmp_path} rw - cgroup2")
    with cpu_grant(1, proc) as grant:
        assert "affinity" in grant.note


def test_what_a_killed_process_left_behind_is_removed() -> None:
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from inspector.isolation.cpu_quota import cpu_grant\n"
        "with cpu_grant(0.5) as grant:\n"
        "    print(grant.path, flush=True)\n"
        "    time.sleep(60)\n"
    )
    if why := why_no_grant(0.5):
        pytest.skip(why)
    with subprocess.Popen([sys.executable, "-c", code, str(ROOT)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        with cpu_grant(0.5):
            assert left.is_dir(), "what another process holds stays"
        process.send_signal(signal.SIGKILL)
    assert left.is_dir()
    with cpu_grant(0.5) as grant:
        assert not left.exists()
        own = Path(grant.path)  # type: ignore[attr-defined]
        assert own.is_dir()
    assert not own.exists()
