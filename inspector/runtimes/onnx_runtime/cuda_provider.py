"""A session on CUDA, or the reason why there is none. On the child's side only: onnxruntime is imported here."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

from inspector.isolation.plain_line import plain_line
from inspector.runtimes.onnx_runtime.sessions import CUDA_PROVIDER, RuntimeRefused, open_session

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, SessionOptions

_ERROR: Final = 3
_FATAL: Final = 4
_MOST_BYTES: Final = 1 << 16
_NOT_THERE: Final = re.compile(r"(lib[\w+.-]+\.so[\w.]*): cannot open shared object file")
_LOAD: Final = re.compile(r"Failed to load library \S+ with error: (?P<why>[^\n]+)")
_CUDA: Final = re.compile(r"(?:CUDA|CUDNN|CUBLAS) failure (?P<code>\d+)\s*:\s*(?P<why>[^;\n]+)")
_PREFIX: Final = re.compile(r"(?:\x1b\[[\d;]*m)?[\d :.-]*\[[WEF]:onnxruntime[^\]]*\]\s*(?:/\S+:\d+ )?")
INSTALL_DRIVER: Final = "install the NVIDIA driver, or start the container with `--gpus all`"
INSTALL_LIBRARIES: Final = "pip install 'onnxruntime-gpu[cuda,cudnn]'"


def cuda_session(path: str, options: SessionOptions, serving: bool = False) -> InferenceSession:
    """Return a session whose nodes run on the first visible CUDA device wherever that can run them.

    serving leaves the provider's options alone; otherwise it rounds no fp32 products to TF32. Raises RuntimeRefused, with the
    reason, where the provider cannot be used: never a session on the CPU instead.
    """
    import onnxruntime

    preload_libraries()
    if CUDA_PROVIDER not in onnxruntime.get_available_providers():
        raise RuntimeRefused("the installed ONNX Runtime has no CUDA provider", "see --device")
    provider: Any = CUDA_PROVIDER if serving else (CUDA_PROVIDER, {"use_tf32": "0"})
    onnxruntime.set_default_logger_severity(_ERROR)
    try:
        with standard_error() as said:
            session = open_session(path, options, [provider, "CPUExecutionProvider"])
    finally:
        onnxruntime.set_default_logger_severity(_FATAL)
    if session.get_providers()[:1] != [CUDA_PROVIDER]:
        raise RuntimeRefused(f"the CUDA provider cannot be used: {provider_failure(said.text)}", hint_for(said.text))
    session.disable_fallback()
    return session


def preload_libraries() -> None:
    """Load CUDA and cuDNN from the packages they come in, where they are; what is missing is told when a session needs it."""
    import onnxruntime

    preload = getattr(onnxruntime, "preload_dlls", None)
    if preload is None:
        return
    with warnings.catch_warnings(), contextlib.redirect_stdout(None), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        preload()


def provider_failure(said: str) -> str:
    """Return why the provider could not be used, from what the runtime printed while it tried."""
    load = _LOAD.search(said)
    if load is not None:
        missing = _NOT_THERE.search(load["why"])
        return f"{missing[1]} is not there" if missing else plain_line(load["why"])
    cuda = _CUDA.search(said)
    if cuda is not None:
        return plain_line(f"{cuda['why'].strip()} (CUDA error {cuda['code']})")
    lines = [plain_line(_PREFIX.sub("", line)) for line in said.splitlines()]
    return next((line for line in lines if line), "the runtime does not say why")


def hint_for(said: str) -> str:
    """Return what to do about it."""
    missing = _NOT_THERE.search(said)
    if missing is not None:
        return INSTALL_DRIVER if missing[1].startswith("libcuda.so") else INSTALL_LIBRARIES
    if "driver version is insufficient" in said:
        return "update the NVIDIA driver, or install an onnxruntime-gpu built for an older CUDA"
    return "see `nvidia-smi`, or use --device cpu"


@dataclass(slots=True)
class Said:
    """What was printed."""

    text: str = ""


@contextlib.contextmanager
def standard_error() -> Iterator[Said]:
    """Take in what this process, native code included, writes to standard error."""
    said = Said()
    with _file_in_memory() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            said.text = file.read(_MOST_BYTES).decode("utf-8", "replace")


def _file_in_memory() -> IO[bytes]:
    """Return a file that needs no space on disk, where the platform has such."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("standard error"), "w+b")
    return tempfile.TemporaryFile()
