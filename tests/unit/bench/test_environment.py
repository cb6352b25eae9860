"""The machine while something is measured: planted trees of /proc and /sys, whole, empty and senseless."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.bench import environment as module
from inspector.bench.environment import machine_state, with_load_after
from inspector.records.machine_state import MachineState

CPU = "sys/devices/system/cpu"
SERVER = {
    "proc/loadavg": "0.20 0.30 0.40 1/200 1234\n",
    "proc/cpuinfo": "processor: 0\nflags\t: fpu avx2\n",
    "proc/sys/kernel/osrelease": "6.1.0-example\n",
    f"{CPU}/smt/active": "1\n",
    f"{CPU}/cpufreq/boost": "1\n",
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    **{f"{CPU}/cpu{cpu}/topology/core_cpus_list": f"{cpu % 2},{cpu % 2 + 2}\n" for cpu in range(4)},
    **{f"{CPU}/cpu{cpu}/cpufreq/scaling_governor": "powersave\n" for cpu in range(4)},
}


@pytest.fixture(autouse=True)
def four_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_usable_cpus", lambda: (0, 1, 2, 3))


def plant(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_server_of_two_cores_with_four_threads(tmp_path: Path) -> None:
    state = machine_state(root=plant(tmp_path, SERVER))
    expected = MachineState(
        usable_cores=4,
        physical_cores=2,
        governor="powersave",
        boost="on",
        load_before=0.2,
        kernel="6.1.0-example",
        clock="tsc",
        smt=True,
        notes=state.notes,
    )
    assert state == expected
    assert state.notes == (
        "governor powersave: the clock follows the load",
        "boost on: the clock depends on heat and on the other cores",
        "hardware threads share cores",
    )


def test_a_quiet_machine_has_nothing_to_say(tmp_path: Path) -> None:
    quiet = {
        **SERVER,
        **{f"{CPU}/cpu{cpu}/cpufreq/scaling_governor": "performance\n" for cpu in range(4)},
        **{f"{CPU}/cpu{cpu}/topology/core_cpus_list": f"{cpu}\n" for cpu in range(4)},
        f"{CPU}/cpufreq/boost": "0\n",
        f"{CPU}/smt/active": "0\n",
    }
    state = machine_state(root=plant(tmp_path, quiet))
    assert (state.physical_cores, state.boost, state.smt, state.notes) == (4, "off", False, ())


def test_intel_pstate_tells_the_opposite(tmp_path: Path) -> None:
    files = {name: text for name, text in SERVER.items() if not name.endswith("boost")}
    assert machine_state(root=plant(tmp_path / "a", files)).boost == ""
    assert machine_state(root=plant(tmp_path / "b", {**files, f"{CPU}/intel_pstate/no_turbo": "1\n"})).boost == "off"
    assert machine_state(root=plant(tmp_path / "c", {**files, f"{CPU}/intel_pstate/no_turbo": "0\n"})).boost == "on"


def test_governors_that_differ_are_all_told(tmp_path: Path) -> None:
    files = {**SERVER, f"{CPU}/cpu3/cpufreq/scaling_governor": "performance\n"}
    assert machine_state(root=plant(tmp_path, files)).governor == "performance, powersave"


def test_older_kernels_name_siblings_otherwise(tmp_path: Path) -> None:
    files = {name.replace("core_cpus_list", "thread_siblings_list"): text for name, text in SERVER.items()}
    assert machine_state(root=plant(tmp_path, files)).physical_cores == 2


def test_one_processor_that_does_not_tell_its_core_leaves_it_open(tmp_path: Path) -> None:
    files = {name: text for name, text in SERVER.items() if "cpu3/topology" not in name}
    assert machine_state(root=plant(tmp_path, files)).physical_cores is None


def test_a_loaded_guest_with_a_quota(tmp_path: Path) -> None:
    files = {
        **SERVER,
        "proc/loadavg": "3.10 2.00 1.00 4/200 99\n",
        "proc/cpuinfo": "flags\t: fpu hypervisor avx2\n",
        "sys/class/dmi/id/sys_vendor": "QEMU\n",
        "sys/class/dmi/id/product_name": "To be filled by O.E.M.\n",
        "sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet\n",
        "proc/self/mountinfo": "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/cpu.max": "150000 100000\n",
        "sys/fs/cgroup/memory.max": "536870912\n",
    }
    state = machine_state(root=plant(tmp_path, files))
    assert (state.cpu_quota, state.memory_limit_bytes, state.hypervisor) == (1.5, 536870912, "QEMU")
    said = " | ".join(state.notes)
    for words in ("load 3.1 on 4 cores before", "grants 1.5 of 4 cores", "virtual machine (QEMU)", "clock source hpet"):
        assert words in said


@pytest.mark.parametrize(("load", "told"), [("4.90", False), ("5.10", True)])
def test_load_at_the_end_is_told_beyond_what_the_measurement_makes(tmp_path: Path, load: str, told: bool) -> None:
    state = replace(machine_state(root=plant(tmp_path, SERVER)), notes=("kept",))
    after = with_load_after(state, plant(tmp_path, {"proc/loadavg": f"{load} 0 0 1/1 1\n"}))
    assert after.load_after == float(load)
    assert after.load_before == state.load_before
    assert after.notes[0] == "kept"
    assert (len(after.notes) == 2) is told


@pytest.mark.parametrize(
    ("files", "container"),
    [
        ({"proc/1/environ": "PATH=/bin\0container=podman\0HOME=/"}, "podman"),
        ({".dockerenv": ""}, "Docker"),
        ({"run/.containerenv": ""}, "Podman"),
        ({"proc/self/cgroup": "0::/kubepods.slice/pod1\n"}, "Kubernetes"),
        ({"proc/self/cgroup": "5:cpu:/docker/0123abc\n"}, "Docker"),
        ({"proc/self/cgroup": "0::/user.slice\n", "proc/1/environ": "xcontainer=no\0"}, ""),
    ],
)
def test_hints_at_a_container(tmp_path: Path, files: dict[str, str], container: str) -> None:
    assert machine_state(root=plant(tmp_path, files)).container == container


def test_accelerators_are_the_drivers_or_else_the_kernels(tmp_path: Path) -> None:
    files = {
        "proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue\nGCC: 12\n",
        "proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: \t\t NVIDIA L4\nIRQ: 7\n",
        "proc/driver/nvidia/gpus/0000:02:00.0/other": "",
    }
    root = plant(tmp_path, files)
    assert machine_state(root=root).accelerators == ("NVIDIA L4, driver 550.54.15", "NVIDIA device, driver 550.54.15")
    assert machine_state(("NVIDIA L4, 22 GiB\x1b[31m",), root).accelerators == ("NVIDIA L4, 22 GiB",)


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    state = machine_state(root=tmp_path)
    assert state == MachineState(usable_cores=4, kernel=state.kernel)


@pytest.mark.parametrize(
    "nonsense", ["", "\n\n", "nan\n", "-7\n", "\x1b]52;c;evil\x07\n", "9" * 400, "ä\udcff".encode("utf-8", "replace")]
)
def test_nonsense_in_every_file_is_no_error(tmp_path: Path, nonsense: str | bytes) -> None:
    names = [*SERVER, "sys/class/dmi/id/sys_vendor", "sys/hypervisor/type", "proc/1/environ", "proc/driver/nvidia/version"]
    for name in [*names, "proc/self/mountinfo", "proc/self/cgroup", "proc/driver/nvidia/gpus/x/information"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(nonsense if isinstance(nonsense, bytes) else nonsense.encode())
    state = with_load_after(machine_state(root=tmp_path), tmp_path)
    assert (state.usable_cores, state.cpu_quota, state.memory_limit_bytes, state.boost, state.smt) == (4, None, None, "", None)
    texts = [state.governor, state.clock, state.kernel, state.hypervisor, state.container, *state.accelerators, *state.notes]
    assert all(text.isprintable() and len(text) < 200 for text in texts)
    assert state.load_before is None or state.load_before >= 0


def test_folders_where_files_should_be_are_no_error(tmp_path: Path) -> None:
    for name in (*SERVER, "proc/self/mountinfo", "proc/driver/nvidia/version"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "proc/driver/nvidia/gpus").write_text("a file")
    assert machine_state(root=tmp_path).governor == ""


def test_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    state = with_load_after(machine_state())
    assert 1 <= state.usable_cores <= (os.cpu_count() or 1)
    assert state.kernel
    assert state.load_before is None or state.load_before >= 0
    assert state.load_after == pytest.approx(state.load_before, abs=2)
