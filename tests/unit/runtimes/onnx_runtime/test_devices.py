"""Which device is chosen and how that is said, on lists of what a runtime might offer; and what this machine really offers."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from inspector.errors import UsageError
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.runtimes.onnx_runtime import cuda_driver_child, devices, devices_child
from inspector.runtimes.onnx_runtime.cuda_driver_child import driver_says
from inspector.runtimes.onnx_runtime.cuda_provider import hint_for, provider_failure, standard_error
from inspector.runtimes.onnx_runtime.devices import (
    Chosen,
    CudaDevice,
    Offered,
    OfferedRequest,
    choose_device,
    memory_limit,
    offered_devices,
)
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused, _refused, make_session
from tests.builders import save, small_cnn
from tests.unit.verify.stepping import returned

GIB = 1 << 30
L4 = CudaDevice("NVIDIA L4", 24 * GIB, 20 * GIB, "8.9")
WORKS = Offered(
    providers=("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"),
    version="1.31.1",
    installed=("onnxruntime-gpu 1.31.1",),
    built_for="13.0",
    driver="580.65.06",
    driver_cuda="13.0",
    devices=(L4,),
)
CPU_ONLY = Offered(("AzureExecutionProvider", "CPUExecutionProvider"), "1.32.0", ("onnxruntime 1.32.0",))

OBSTACLES = [
    (CPU_ONLY, "onnxruntime-gpu is not installed", devices.INSTALL),
    (replace(CPU_ONLY, installed=()), "onnxruntime-gpu is not installed", devices.INSTALL),
    (
        replace(CPU_ONLY, installed=("onnxruntime 1.32.0", "onnxruntime-gpu 1.31.1")),
        "onnxruntime was installed over onnxruntime-gpu, which leaves only the CPU provider",
        "pip install --force-reinstall --no-deps onnxruntime-gpu",
    ),
    (
        replace(CPU_ONLY, installed=("onnxruntime-gpu 1.31.1",), version="1.31.1"),
        "the installed onnxruntime-gpu 1.31.1 has no CUDA provider",
        "pip install --force-reinstall --no-deps onnxruntime-gpu",
    ),
    (
        replace(CPU_ONLY, platform="darwin arm64"),
        "ONNX Runtime has no CUDA provider for darwin arm64",
        "use --device cpu",
    ),
    (
        replace(WORKS, devices=(), driver="", driver_problem="libcuda.so.1 is not there"),
        "no NVIDIA driver answers: libcuda.so.1 is not there",
        "install one, or start the container with `--gpus all`",
    ),
    (replace(WORKS, devices=()), "the NVIDIA driver 580.65.06 shows no CUDA device", "see `nvidia-smi`"),
    (
        replace(WORKS, devices=(), driver="", hidden=True),
        "the NVIDIA driver shows no CUDA device",
        "check CUDA_VISIBLE_DEVICES, which is set",
    ),
    (
        replace(
            WORKS, session_problem="the CUDA provider cannot be used: libcudnn.so.9 is not there", session_hint="pip install x"
        ),
        "the CUDA provider cannot be used: libcudnn.so.9 is not there",
        "pip install x",
    ),
    (
        replace(WORKS, session_problem="the device adds wrongly"),
        "the device adds wrongly",
        "see `nvidia-smi`, or use --device cpu",
    ),
    (
        Offered(problem="looking for devices crashed: segmentation fault"),
        "the runtime cannot say which devices it has: looking for devices crashed: segmentation fault",
        "use --device cpu",
    ),
]


@pytest.mark.parametrize(("offered", "why", "hint"), OBSTACLES, ids=[why[:50] for _, why, _ in OBSTACLES])
def test_what_stands_in_the_way_is_one_line(offered: Offered, why: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose_device("cuda", offered)
    assert (caught.value.message, caught.value.hint) == (f"--device cuda: {why}", hint)
    assert caught.value.exit_code == 2
    assert choose_device("auto", offered) == Chosen("cpu", why)
    assert choose_device("cpu", offered) == Chosen("cpu", "as asked for")


@pytest.mark.parametrize("wanted", ["auto", "cuda"])
def test_a_device_that_works_is_taken(wanted: Any) -> None:
    chosen = choose_device(wanted, WORKS, 20 * GIB)
    assert chosen == Chosen("cuda", "NVIDIA L4, 24 GiB, driver 580.65.06 can be used", "NVIDIA L4")
    assert choose_device("cpu", WORKS).device == "cpu"
    assert WORKS.accelerators == ("NVIDIA L4, 24 GiB, driver 580.65.06",)


def test_two_packages_in_one_folder_are_told_even_where_it_works() -> None:
    both = replace(WORKS, installed=("onnxruntime 1.32.0", "onnxruntime-gpu 1.31.1"))
    (warning,) = choose_device("auto", both).warnings
    assert warning.startswith("onnxruntime 1.32.0 and onnxruntime-gpu 1.31.1 are installed over each other: 1.31.1 answers")


@pytest.mark.parametrize(
    ("device", "why"),
    [
        (L4, "NVIDIA L4 has 20 GiB free, and the model needs 21 GiB at least"),
        (
            replace(L4, free_bytes=None, memory_bytes=8 * GIB),
            "NVIDIA L4 has 8 GiB of memory, and the model needs 21 GiB at least",
        ),
    ],
)
def test_a_device_that_is_too_small_is_told(device: CudaDevice, why: str) -> None:
    offered = replace(WORKS, devices=(device, L4))
    assert choose_device("auto", offered, 21 * GIB) == Chosen("cpu", why)
    with pytest.raises(UsageError, match="free some of it"):
        choose_device("cuda", offered, 21 * GIB)


def test_memory_that_is_not_known_is_no_obstacle() -> None:
    unknown = replace(WORKS, devices=(CudaDevice("NVIDIA X"),), driver="")
    assert choose_device("auto", unknown, 1 << 50) == Chosen("cuda", "NVIDIA X can be used", "NVIDIA X")


def test_cuda_takes_the_limit_off_the_address_space() -> None:
    assert memory_limit("cuda", 4 * GIB) is None
    assert memory_limit("cpu", 4 * GIB) == 4 * GIB


def test_this_machine_is_asked_in_a_child() -> None:
    offered = returned(offered_devices(None))
    assert offered.problem == ""
    assert list(offered.providers) == onnxruntime.get_available_providers()
    assert offered.version == onnxruntime.__version__
    assert any(one.partition(" ")[2] == offered.version for one in offered.installed)
    assert offered.devices or offered.driver_problem or offered.driver
    assert choose_device("auto", offered).device in ("cpu", "cuda")


def test_a_child_that_fails_is_an_answer_and_a_cancel_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "ENTRY", "inspector.runtimes.onnx_runtime.devices_child:gone")
    offered = returned(offered_devices(None))
    assert "gone" in offered.problem
    assert choose_device("auto", offered).device == "cpu"
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(ChildFailed, match="cancelled"):
        returned(offered_devices(cancel))


LOAD = (
    "\x1b[1;31m2026-11-23 13:58:34.737378025 [E:onnxruntime:Default, provider_bridge_ort.cc:2458 operator()] /onnxruntime_src/"
    "onnxruntime/core/session/provider_bridge_ort.cc:2043 onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() "
    "[ONNXRuntimeError] : 1 : FAIL : Failed to load library /x/capi/libonnxruntime_providers_cuda.so with error: {}\n"
    "\x1b[m\n"
)
DRIVER = (
    "2026-11-23 13:58:34.7 [E:onnxruntime:Default, cuda_call.cc:123 CudaCall] CUDA failure 35: CUDA driver version is "
    "insufficient for CUDA runtime version ; GPU=0 ; hostname=x ; expr=cudaSetDevice(info_.device_id);\n"
)


@pytest.mark.parametrize(
    ("said", "why", "hint"),
    [
        (
            LOAD.format("libcublasLt.so.13: cannot open shared object file: No such file or directory"),
            "libcublasLt.so.13 is not there",
            "pip install 'onnxruntime-gpu[cuda,cudnn]'",
        ),
        (
            LOAD.format("libcuda.so.1: cannot open shared object file: No such file or directory"),
            "libcuda.so.1 is not there",
            "install the NVIDIA driver, or start the container with `--gpus all`",
        ),
        (
            LOAD.format("/lib/libcudnn.so.9: undefined symbol: _ZN5cudnnEv, version libcudnn.so.9"),
            "/lib/libcudnn.so.9: undefined symbol: _ZN5cudnnEv, version libcudnn.so.9",
            "see `nvidia-smi`, or use --device cpu",
        ),
        (
            DRIVER,
            "CUDA driver version is insufficient for CUDA runtime version (CUDA error 35)",
            "update the NVIDIA driver, or install an onnxruntime-gpu built for an older CUDA",
        ),
        (
            "2026-11-23 13:58:34.7 [E:onnxruntime:Default, x.cc:1 F] something\x1b[31m else\n",
            "something else",
            "see `nvidia-smi`, or use --device cpu",
        ),
        ("", "the runtime does not say why", "see `nvidia-smi`, or use --device cpu"),
    ],
    ids=["library missing", "driver missing", "library broken", "driver too old", "other", "silent"],
)
def test_what_the_runtime_prints_becomes_a_reason(said: str, why: str, hint: str) -> None:
    assert provider_failure(said) == why
    assert hint_for(said) == hint


def test_standard_error_of_native_code_is_taken_in(capfd: pytest.CaptureFixture[str]) -> None:
    with standard_error() as said:
        ctypes.CDLL(None).perror(b"native")
    assert said.text.startswith("native: ")
    ctypes.CDLL(None).perror(b"after")
    assert capfd.readouterr().err.startswith("after: ")


def test_a_session_that_falls_back_to_the_cpu_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The runtime only warns where it cannot use the provider that was asked for; its list is made to promise one here."""
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        return  # tests/e2e/test_cuda.py
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"), pytest.raises(RuntimeRefused) as caught:
        make_session(str(save(small_cnn(), tmp_path / "m.onnx")), device="cuda")
    assert caught.value.message.startswith("the CUDA provider cannot be used: ")


def test_what_a_refused_session_says_ends_up_in_the_offer(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse = lambda *_, **__: (_ for _ in ()).throw(RuntimeRefused("no cuDNN", "install it"))  # noqa: E731
    monkeypatch.setattr("inspector.runtimes.onnx_runtime.sessions.make_session", refuse)
    offered = devices_child._tried(WORKS)
    assert (offered.session_problem, offered.session_hint) == ("no cuDNN", "install it")


def test_the_session_that_is_tried_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    on_cpu = lambda path, threads, device: make_session(path, threads)  # noqa: E731
    monkeypatch.setattr("inspector.runtimes.onnx_runtime.sessions.make_session", on_cpu)
    assert devices_child._tried(WORKS) == WORKS


def test_asking_alone_tries_no_session() -> None:
    offered = devices_child.offered_in_child(OfferedRequest(make_session=False), lambda *_: None)
    assert offered.session_problem == ""
    assert offered.platform == Offered().platform or not offered.platform.startswith("linux x86")


def test_a_driver_that_is_not_there_or_no_library_is_a_problem(tmp_path: Path) -> None:
    assert driver_says("libno-such-driver.so.1").problem == "libno-such-driver.so.1 is not there"
    broken = tmp_path / "libcuda.so.1"
    broken.write_bytes(b"\x7fELF nonsense")
    assert driver_says(str(broken)).problem
    assert "cuInit" in driver_says("libm.so.6").problem


class Driver:
    """What libcuda and NVML answer on a machine with two devices, which each numbers in its own way."""

    names = (b"NVIDIA L4", b"NVIDIA \x1b[31mT4")
    buses = (b"0000:01:00.0", b"0000:02:00.0")

    def __init__(self, code: int = 0, nvml: int = 0) -> None:
        self.code, self.nvml = code, nvml

    def cuInit(self, flags: int) -> int:
        return self.code

    def cuDriverGetVersion(self, version: Any) -> int:
        version._obj.value = 12040
        return 0

    def cuDeviceGetCount(self, count: Any) -> int:
        count._obj.value = 2
        return 0

    def cuDeviceGet(self, device: Any, ordinal: int) -> int:
        device._obj.value = ordinal
        return 0

    def cuDeviceGetName(self, name: Any, size: int, device: Any) -> int:
        name.value = self.names[device.value]
        return 0

    def cuDeviceTotalMem_v2(self, total: Any, device: Any) -> int:
        total._obj.value = (24 - 8 * device.value) * GIB
        return 0

    def cuDeviceGetAttribute(self, level: Any, attribute: int, device: Any) -> int:
        level._obj.value = {75: 8, 76: 9}[attribute]
        return 0

    def cuDeviceGetPCIBusId(self, bus: Any, size: int, device: Any) -> int:
        bus.value = self.buses[device.value]
        return 0

    def cuGetErrorName(self, code: int, name: Any) -> int:
        name._obj.value = b"CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"
        return 0

    def nvmlInit_v2(self) -> int:
        return self.nvml

    def nvmlShutdown(self) -> int:
        return 0

    def nvmlSystemGetDriverVersion(self, text: Any, size: int) -> int:
        text.value = b"550.54.15"
        return 0

    def nvmlDeviceGetHandleByPciBusId_v2(self, bus: Any, handle: Any) -> int:
        handle._obj.value = 1 + self.buses.index(bus.value)
        return 0

    def nvmlDeviceGetMemoryInfo(self, handle: Any, memory: Any) -> int:
        memory._obj.free = handle.value * GIB
        return 0


def asked(monkeypatch: pytest.MonkeyPatch, driver: Driver) -> cuda_driver_child.DriverSays:
    monkeypatch.setattr(cuda_driver_child.ctypes, "CDLL", lambda name: driver)
    return driver_says()


def test_driver_and_devices_as_they_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    says = asked(monkeypatch, Driver())
    assert (says.version, says.cuda, says.problem) == ("550.54.15", "12.4", "")
    assert says.devices == (
        CudaDevice("NVIDIA L4", 24 * GIB, 1 * GIB, "8.9"),
        CudaDevice("NVIDIA T4", 16 * GIB, 2 * GIB, "8.9"),
    )


def test_without_nvml_free_memory_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    says = asked(monkeypatch, Driver(nvml=9))
    assert [device.free_bytes for device in says.devices] == [None, None]


@pytest.mark.parametrize(
    ("code", "problem"), [(100, ""), (803, "cuInit says CUDA_ERROR_SYSTEM_DRIVER_MISMATCH")], ids=["no device", "mismatch"]
)
def test_a_driver_without_devices_or_at_odds_with_itself(monkeypatch: pytest.MonkeyPatch, code: int, problem: str) -> None:
    says = asked(monkeypatch, Driver(code))
    assert (says.devices, says.problem) == ((), problem)


def test_a_full_device_is_not_this_process_out_of_memory() -> None:
    text = "BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 4294967296"
    with pytest.raises(MemoryError):
        _refused("the runtime cannot run it", RuntimeError(text))
    refusal = _refused("the runtime cannot run it", RuntimeError(text), cuda=True)
    assert refusal.message.startswith("the runtime cannot run it: the GPU has too little memory for it")
    assert refusal.hint == "free some, or use --device cpu"
