"""Which device the runtime can use here, and which one is chosen: asking is done in a child, choosing is pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from inspector.errors import InspectorError, UsageError
from inspector.isolation.child import run_child
from inspector.isolation.failure import ChildFailed
from inspector.isolation.limits import Limits
from inspector.records.benchmark import Device
from inspector.records.event import Steps, finish
from inspector.runtimes.installed import installed_version
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.runtimes.onnx_runtime.devices_child:offered_in_child"
SECONDS: Final = 90.0
"""The first CUDA session of a machine may compile kernels for its device."""
PROVIDER: Final = "CUDAExecutionProvider"
INSTALL: Final = "pip install 'modelpack-tui[gpu]' && pip install --force-reinstall --no-deps onnxruntime-gpu"
PUT_ON_TOP: Final = "pip install --force-reinstall --no-deps onnxruntime-gpu"
_PACKAGES: Final = ("onnxruntime", "onnxruntime-gpu")
_GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class CudaDevice:
    """A device as the driver shows it to this process: name, bytes of memory in all and free (None: not known)."""

    name: str
    memory_bytes: int | None = None
    free_bytes: int | None = None
    capability: str = ""
    """"8.6": what kernels must be built for."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What the installed runtime and the machine offer; texts are clean.

    providers are those the runtime was built with; installed the packages that share its folder, with their versions.
    session_problem and driver_problem say why a session could not be made and why no driver answered, with what to do about
    it; problem why nothing could be found out at all. Empty: there is none.
    """

    providers: tuple[str, ...] = ()
    version: str = ""
    installed: tuple[str, ...] = ()
    built_for: str = ""
    """The CUDA version that the runtime was built for."""
    driver: str = ""
    driver_cuda: str = ""
    """The newest CUDA version that the driver can do."""
    devices: tuple[CudaDevice, ...] = ()
    hidden: bool = False
    """Whether CUDA_VISIBLE_DEVICES is set."""
    platform: str = "linux x86_64"
    driver_problem: str = ""
    session_problem: str = ""
    session_hint: str = ""
    problem: str = ""

    @property
    def accelerators(self) -> tuple[str, ...]:
        """Name, memory and driver of each device, as MachineState has them."""
        return tuple(_described(device, self.driver) for device in self.devices)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The device to measure on and why it is that one; warnings are for the user to know."""

    device: Literal["cpu", "cuda"]
    why: str
    name: str = ""
    """Of the accelerator."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OfferedRequest:
    """Nothing but that it is asked for; make_session False leaves out trying whether a CUDA session can be made."""

    make_session: bool = True


def offered_devices(cancel: CancelToken | None) -> Steps[Offered]:
    """Ask the installed runtime and the driver, in a child, which devices there are, and try a session on CUDA if any.

    Raises ChildFailed where it was cancelled; any other failure is Offered.problem.
    """
    limits = Limits(None, SECONDS)
    try:
        child = run_child(
            ENTRY, OfferedRequest(), Offered, limits, cancel, title="looking for devices", environment=CHILD_ENVIRONMENT
        )
        found = (yield from finish(child)).result
    except InspectorError as error:
        if isinstance(error, ChildFailed) and error.kind == "cancelled":
            raise
        found = Offered(problem=error.message)
    return replace(found, installed=_installed())


def choose_device(wanted: Device, offered: Offered, needed_bytes: int = 0) -> Chosen:
    """Return the device to use: CUDA where a session can really use it, else the CPU.

    needed_bytes is what the model takes of the device's memory at least. Raises UsageError where CUDA was asked for and
    cannot be used, with what to do about it.
    """
    if wanted == "cpu":
        return Chosen("cpu", "as asked for")
    obstacle = _obstacle(offered, needed_bytes)
    if obstacle is None:
        device = offered.devices[0]
        return Chosen("cuda", f"{_described(device, offered.driver)} can be used", device.name, _overlaid(offered))
    why, hint = obstacle
    if wanted == "cuda":
        raise UsageError(f"--device cuda: {why}", hint)
    return Chosen("cpu", why)


def memory_limit(device: str, memory_bytes: int | None) -> int | None:
    """Return the address space to grant a child: CUDA maps that of the device and of all host memory, so a bound forbids it."""
    return None if device == "cuda" else memory_bytes


def _obstacle(offered: Offered, needed_bytes: int) -> tuple[str, str] | None:
    """Return why CUDA cannot be used and what to do about it, None where it can."""
    if offered.problem:
        return f"the runtime cannot say which devices it has: {offered.problem}", "use --device cpu"
    if PROVIDER not in offered.providers:
        return _without_provider(offered)
    if offered.driver_problem:
        return f"no NVIDIA driver answers: {offered.driver_problem}", "install one, or start the container with `--gpus all`"
    if not offered.devices:
        hidden = "check CUDA_VISIBLE_DEVICES, which is set" if offered.hidden else "see `nvidia-smi`"
        return f"the NVIDIA driver {offered.driver} shows no CUDA device".replace("  ", " "), hidden
    if offered.session_problem:
        return offered.session_problem, offered.session_hint or "see `nvidia-smi`, or use --device cpu"
    return _too_small(offered.devices[0], needed_bytes)


def _without_provider(offered: Offered) -> tuple[str, str]:
    """Return why the runtime that was imported knows no CUDA."""
    if offered.platform not in ("linux x86_64", "linux amd64", "win32 amd64"):
        return f"ONNX Runtime has no CUDA provider for {offered.platform}", "use --device cpu"
    names = [one.partition(" ")[0] for one in offered.installed]
    if names == list(_PACKAGES):
        return "onnxruntime was installed over onnxruntime-gpu, which leaves only the CPU provider", PUT_ON_TOP
    if "onnxruntime-gpu" in names:
        return f"the installed onnxruntime-gpu {offered.version} has no CUDA provider", PUT_ON_TOP
    return "onnxruntime-gpu is not installed", INSTALL


def _too_small(device: CudaDevice, needed_bytes: int) -> tuple[str, str] | None:
    """Return that a model does not fit into the memory that is free, None where it may."""
    room = device.free_bytes if device.free_bytes is not None else device.memory_bytes
    if room is None or needed_bytes <= room:
        return None
    what = f"{_gib(room)} free" if device.free_bytes is not None else f"{_gib(room)} of memory"
    return (
        f"{device.name} has {what}, and the model needs {_gib(needed_bytes)} at least",
        "free some of it, see `nvidia-smi`, or use --device cpu",
    )


def _overlaid(offered: Offered) -> tuple[str, ...]:
    """Return the warning that two packages share one folder, where they do."""
    if len(offered.installed) < len(_PACKAGES):
        return ()
    both = " and ".join(offered.installed)
    return (f"{both} are installed over each other: {offered.version or 'the last one'} answers, until either is updated",)


def _installed() -> tuple[str, ...]:
    """Return the packages of the runtime that are installed: "onnxruntime 1.32.0"."""
    found = [(name, installed_version(name)) for name in _PACKAGES]
    return tuple(f"{name} {version}" for name, version in found if version)


def _described(device: CudaDevice, driver: str) -> str:
    """Return "NVIDIA L4, 22.5 GiB, driver 550.54"."""
    memory = _gib(device.memory_bytes) if device.memory_bytes else ""
    return ", ".join(part for part in (device.name, memory, f"driver {driver}" if driver else "") if part)


def _gib(count: int) -> str:
    return f"{count / _GIB:.3g} GiB"
