"""What control groups grant: both versions, the least on the way up, and nothing at all where files make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.isolation.control_groups import Granted, granted, hierarchies, memberships

V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1_CPU = "31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct\n"
V1_MEMORY = "32 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
NO_LIMIT = "9223372036854771712\n"


def plant(root: Path, files: dict[str, str]) -> Path:
    """Write files below root and return it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def version_2(root: Path, group: str, files: dict[str, str], top: str = "/") -> Path:
    """Plant a machine with version 2 alone whose process is in a group; files are relative to the mount."""
    mounts = V2.replace(" / /sys", f" {top} /sys")
    plant(root, {"proc/self/mountinfo": "1 0 8:1 / / rw - ext4 /dev/sda rw\n" + mounts, "proc/self/cgroup": f"0::{group}\n"})
    return plant(root, {f"sys/fs/cgroup/{name}": text for name, text in files.items()})


def test_the_least_on_the_way_up_counts(tmp_path: Path) -> None:
    root = version_2(
        tmp_path,
        "/a/b/c",
        {
            "a/cpu.max": "150000 100000\n",
            "a/b/cpu.max": "max 100000\n",
            "a/b/c/cpu.max": "400000 100000\n",
            "a/memory.max": "max\n",
            "a/b/memory.max": "2147483648\n",
            "a/b/c/memory.max": "8589934592\n",
            "elsewhere/cpu.max": "10000 100000\n",
        },
    )
    assert granted(root) == Granted(1.5, 2147483648)


def test_version_1_has_a_hierarchy_for_each(tmp_path: Path) -> None:
    root = plant(
        tmp_path,
        {
            "proc/self/mountinfo": V1_CPU + V1_MEMORY,
            "proc/self/cgroup": "9:cpu,cpuacct:/jobs/one\n4:memory:/\n0::/\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_quota_us": "25000\n",
            "sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": NO_LIMIT,
            "sys/fs/cgroup/memory/cpu.cfs_quota_us": "1\n",
        },
    )
    assert granted(root) == Granted(0.25, None)
    assert memberships(root)["cpuacct"] == "/jobs/one"
    assert hierarchies(root)[0].controllers == {"cpu", "cpuacct"}


def test_a_hybrid_takes_each_from_where_it_is(tmp_path: Path) -> None:
    root = plant(
        tmp_path,
        {
            "proc/self/mountinfo": V1_MEMORY + V2.replace("/sys/fs/cgroup ", "/sys/fs/cgroup/unified "),
            "proc/self/cgroup": "4:memory:/m\n0::/u\n",
            "sys/fs/cgroup/memory/m/memory.limit_in_bytes": "1073741824\n",
            "sys/fs/cgroup/unified/u/cpu.max": "50000 100000\n",
        },
    )
    assert granted(root) == Granted(0.5, 1073741824)


@pytest.mark.parametrize(
    ("group", "top"),
    [("/docker/abc", "/docker/abc"), ("/", "/"), ("/../../other", "/"), ("/host/path/abc", "/docker/abc")],
    ids=["same path", "namespace", "outside the namespace", "mount of another"],
)
def test_in_a_container_the_mount_is_the_group(tmp_path: Path, group: str, top: str) -> None:
    root = version_2(tmp_path, group, {"cpu.max": "200000 100000\n", "memory.max": "4096\n"}, top)
    assert granted(root) == Granted(2.0, 4096)


def test_a_mount_with_a_blank_in_its_name(tmp_path: Path) -> None:
    mounts = V2.replace("/sys/fs/cgroup", "/odd\\040place")
    files = {"proc/self/mountinfo": mounts, "proc/self/cgroup": "0::/\n", "odd place/cpu.max": "100000 100000\n"}
    assert granted(plant(tmp_path, files)).cpu_quota == 1.0


def test_without_any_of_it_everything_is_granted(tmp_path: Path) -> None:
    assert granted(tmp_path) == Granted()
    assert granted(tmp_path, "no such process") == Granted()


def test_unreadable_files_are_no_error(tmp_path: Path) -> None:
    root = version_2(tmp_path, "/", {})
    (root / "sys/fs/cgroup/cpu.max").mkdir(parents=True)
    (root / "sys/fs/cgroup/memory.max").symlink_to("memory.max")
    assert granted(root) == Granted()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(*[st.text(max_size=40) | st.binary(max_size=20).map(lambda b: b.decode("latin-1"))] * 4))
def test_nonsense_grants_everything_or_something_sensible(tmp_path: Path, texts: tuple[str, str, str, str]) -> None:
    quota, memory, mounts, groups = (text.encode("utf-8", "replace").decode() for text in texts)
    root = version_2(tmp_path, "/", {"cpu.max": quota, "memory.max": memory})
    found = granted(root)
    assert found.cpu_quota is None or found.cpu_quota > 0
    assert found.memory_bytes is None or found.memory_bytes > 0
    plant(tmp_path, {"proc/self/mountinfo": mounts, "proc/self/cgroup": groups})
    assert granted(root) == Granted()


def test_this_process_is_read_without_error() -> None:
    found = granted()
    assert found.cpu_quota is None or found.cpu_quota > 0
    assert found.memory_bytes is None or found.memory_bytes > 1 << 20
