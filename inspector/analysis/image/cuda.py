"""CUDA libraries that an image ships twice, or ships to a server that computes on the CPU."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from inspector.records.image_contents import Packages

_LIBRARY: Final = re.compile(
    r"(lib(?:cudart|cublas(?:Lt)?|cudnn\w*|cufft\w*|curand|cusolver\w*|cusparse\w*|nvrtc[\w-]*|nvJitLink|nccl|npp\w+|nvjpeg\w*"
    r"|nvToolsExt|cupti|nvblas|cufile\w*|nvinfer\w*|nvonnxparser\w*))(?:-[0-9a-f]{8})?\.so[\d.]*"
)
_CUDA_FOLDER: Final = re.compile(r"(?:.*/)?(?:cuda(?:-\d[\d.]*)?/|(?:site|dist)-packages/(?:nvidia|tensorrt_libs)/)")
_WHEEL: Final = re.compile(r"(?:.*/)?(?:site|dist)-packages/([^/]+)/")
_USES: Final = re.compile(
    r"(?:.*/)?(?:libonnxruntime_providers_(?:cuda|tensorrt)\.so|libtorch_cuda\w*\.so|libc10_cuda\.so|libggml-cuda\.so"
    r"|libctranslate2[^/]*\.so[^/]*|tritonserver|libtritonserver\.so|trtexec|libxgboost\.so)"
)
_GPU_PACKAGES: Final = re.compile(
    r"onnxruntime-(?:gpu|training)|tensorflow|tensorflow-gpu|torch|jax-cuda.*|jaxlib|cupy.*|tensorrt.*|paddlepaddle-gpu|vllm|mxnet-cu.*"
    r"|numba|triton|pycuda|cuda-python|xgboost|lightgbm|ctranslate2|faiss-gpu.*|cudf.*|cuml.*|llama-cpp-python|bitsandbytes|catboost"
)
_CPU_PACKAGES: Final = frozenset(("onnxruntime", "tensorflow-cpu", "openvino", "tflite-runtime", "ai-edge-litert"))


def library_name(path: str) -> str:
    """Return the name without versions of the CUDA library that path is called after, or an empty text."""
    found = _LIBRARY.fullmatch(path.rpartition("/")[2])
    return found.group(1) if found else ""


def may_be_library(ending: str) -> bool:
    """Tell whether the name of a shared library may end so: what follows the last dot of a path, versions included."""
    return ending.startswith("so") or not ending or ending.isdecimal()


def shipped_twice(libraries: Mapping[str, int]) -> tuple[tuple[str, ...], str]:
    """Return the paths of CUDA libraries that another copy stands in for, and what that rests on.

    libraries are the bytes of CUDA libraries by path. Copies are told by name, whatever their version. Those of NVIDIA's
    wheels are kept, since packages load them by relative path, then those that lie in other wheels, then the system's.
    """
    origins: dict[str, dict[str, list[str]]] = {}
    for path, size in libraries.items():
        if size:
            origins.setdefault(library_name(path), {}).setdefault(_origin(path), []).append(path)
    twice: list[str] = []
    kept_places: set[str] = set()
    for copies in origins.values():
        kept, *dispensable = sorted(copies, key=_preference)
        if dispensable:
            kept_places.add(kept)
            twice.extend(path for origin in dispensable for path in copies[origin])
    counted = ", ".join(sorted({_origin(path) for path in twice}))
    note = f"libraries of the same name, whatever their version, lie in {', '.join(sorted(kept_places))}; counted: {counted}"
    return tuple(twice), note if twice else ""


def _origin(path: str) -> str:
    wheel = _WHEEL.match(path)
    if wheel:
        return f"package {wheel.group(1)}"
    return "conda" if "conda" in path else "system folders"


def _preference(origin: str) -> tuple[int, str]:
    if origin == "package nvidia":
        return 0, origin
    return {"conda": 2, "system folders": 3}.get(origin, 1), origin


def is_cuda(path: str) -> bool:
    """Tell whether a file is part of CUDA: a library by name, or anything in a folder of the toolkit or NVIDIA's wheels."""
    if "cuda" in path or "nvidia" in path or "tensorrt" in path:
        return bool(library_name(path)) or _CUDA_FOLDER.match(path) is not None
    return ".so" in path and bool(library_name(path))


def cpu_only(paths: Iterable[str], packages: Packages, environment: Iterable[tuple[str, str]]) -> str:
    """Return what it rests on that the image computes on the CPU only, or an empty text where that cannot be told.

    Needs a runtime that is known to be built for the CPU, and nothing that is known to use CUDA.
    """
    servers = []
    for package in packages.packages:
        name = package.name.lower().replace("_", "-")
        is_cpu_build = "+cpu" in package.version
        if package.kind != "python" or (not is_cpu_build and name not in _CPU_PACKAGES):
            if package.kind == "python" and _GPU_PACKAGES.fullmatch(name):
                return ""
            continue
        servers.append(f"{package.name} {package.version}")
    if not servers or any((".so" in path or "trt" in path or "triton" in path) and _USES.fullmatch(path) for path in paths):
        return ""
    asked = "; NVIDIA_VISIBLE_DEVICES is set, as NVIDIA's base images do" if _asks_for_gpus(environment) else ""
    rest = f"and nothing known to use CUDA is installed{asked}; other programs were not examined"
    return f"{', '.join(servers[:3])} {'runs' if len(servers) == 1 else 'run'} on the CPU, {rest}"


def _asks_for_gpus(environment: Iterable[tuple[str, str]]) -> bool:
    return any(name == "NVIDIA_VISIBLE_DEVICES" and value not in ("", "void", "none") for name, value in environment)
