"""What the NVIDIA driver says, asked through its own libraries: libcuda, which shows the devices that this process may use,
and NVML, which knows the driver's version and the memory that is free without taking any.

Sources: the CUDA Driver API and the NVML API references; both keep these entry points for good.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from inspector.isolation.plain_line import plain_line
from inspector.runtimes.onnx_runtime.devices import CudaDevice

_CUDA: Final = "libcuda.so.1"
_NVML: Final = "libnvidia-ml.so.1"
_MODULE: Final = Path("/proc/driver/nvidia/version")
_MODULE_VERSION: Final = re.compile(r"\b(\d{3,4}\.\d+(?:\.\d+)?)\b")
_NAME_BYTES: Final = 256
_MOST_DEVICES: Final = 64
_MAJOR, _MINOR = 75, 76
"""CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR."""
_NO_DEVICE: Final = 100
"""CUDA_ERROR_NO_DEVICE: there is a driver, and nothing for it to drive."""


@dataclass(frozen=True, slots=True)
class DriverSays:
    """The driver's version, the CUDA version it can do, the devices it shows; or why it does not answer."""

    version: str = ""
    cuda: str = ""
    devices: tuple[CudaDevice, ...] = ()
    problem: str = ""


class _Memory(ctypes.Structure):
    """nvmlMemory_t."""

    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


def driver_says(cuda: str = _CUDA, nvml: str = _NVML) -> DriverSays:
    """Ask the driver; never raises. The libraries' names are for tests."""
    try:
        library = ctypes.CDLL(cuda)
    except OSError as error:
        missing = "cannot open shared object file" in str(error)
        return DriverSays(problem=f"{cuda} is not there" if missing else plain_line(str(error)))
    try:
        return _with_nvml(_asked(library), library, nvml)
    except AttributeError as error:  # a symbol that the library does not have
        return DriverSays(problem=plain_line(str(error)))


def _asked(library: Any) -> DriverSays:
    """Return what libcuda says."""
    code = library.cuInit(0)
    if code not in (0, _NO_DEVICE):
        return DriverSays(_module_version(), problem=f"cuInit says {_error_name(library, code)}")
    version, count = ctypes.c_int(0), ctypes.c_int(0)
    library.cuDriverGetVersion(ctypes.byref(version))
    if code == 0:
        library.cuDeviceGetCount(ctypes.byref(count))
    cuda = f"{version.value // 1000}.{version.value % 1000 // 10}" if version.value > 0 else ""
    devices = tuple(_device(library, ordinal) for ordinal in range(max(0, min(count.value, _MOST_DEVICES))))
    return DriverSays(_module_version(), cuda, devices)


def _device(library: Any, ordinal: int) -> CudaDevice:
    """Return name, memory and capability of one device."""
    device = ctypes.c_int(0)
    library.cuDeviceGet(ctypes.byref(device), ordinal)
    name = ctypes.create_string_buffer(_NAME_BYTES)
    library.cuDeviceGetName(name, _NAME_BYTES - 1, device)
    total = ctypes.c_size_t(0)
    known = library.cuDeviceTotalMem_v2(ctypes.byref(total), device) == 0
    levels = []
    for attribute in (_MAJOR, _MINOR):
        level = ctypes.c_int(0)
        library.cuDeviceGetAttribute(ctypes.byref(level), attribute, device)
        levels.append(level.value)
    said = plain_line(name.value.decode("utf-8", "replace"), 100) or f"CUDA device {ordinal}"
    return CudaDevice(said, total.value if known else None, None, f"{levels[0]}.{levels[1]}" if levels[0] else "")


def _with_nvml(says: DriverSays, library: Any, nvml: str) -> DriverSays:
    """Return the same with the driver's version and free memory, where NVML is there and says so."""
    try:
        management = ctypes.CDLL(nvml)
        if management.nvmlInit_v2() != 0:
            return says
    except (OSError, AttributeError):
        return says
    try:
        text = ctypes.create_string_buffer(_NAME_BYTES)
        known = management.nvmlSystemGetDriverVersion(text, _NAME_BYTES - 1) == 0
        version = plain_line(text.value.decode("utf-8", "replace"), 40) if known else says.version
        devices = tuple(
            replace(device, free_bytes=_free_bytes(library, management, ordinal)) for ordinal, device in enumerate(says.devices)
        )
        return replace(says, version=version, devices=devices)
    except AttributeError:
        return says
    finally:
        management.nvmlShutdown()


def _free_bytes(library: Any, management: Any, ordinal: int) -> int | None:
    """Return the free memory of a device; the two libraries number devices each in its own way, so the bus tells which."""
    device, bus, handle, memory = ctypes.c_int(0), ctypes.create_string_buffer(32), ctypes.c_void_p(), _Memory()
    steps: tuple[Callable[[], Any], ...] = (
        lambda: library.cuDeviceGet(ctypes.byref(device), ordinal),
        lambda: library.cuDeviceGetPCIBusId(bus, 31, device),
        lambda: management.nvmlDeviceGetHandleByPciBusId_v2(bus, ctypes.byref(handle)),
        lambda: management.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory)),
    )
    return int(memory.free) if all(step() == 0 for step in steps) else None


def _error_name(library: Any, code: int) -> str:
    """Return the driver's name for an error code: "CUDA_ERROR_UNKNOWN"."""
    name = ctypes.c_char_p()
    known = library.cuGetErrorName(code, ctypes.byref(name)) == 0 and name.value
    return plain_line(name.value.decode("utf-8", "replace"), 80) if known and name.value else f"error {code}"


def _module_version() -> str:
    """Return the version of the kernel's module, "" where it does not say."""
    try:
        found = _MODULE_VERSION.search(_MODULE.read_text(encoding="utf-8", errors="replace")[:1000])
    except OSError:
        return ""
    return found[1] if found else ""
