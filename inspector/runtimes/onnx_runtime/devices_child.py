"""What the runtime and the driver say of devices, as a child process asks them: native libraries that may crash or hang."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.runtimes.onnx_runtime.cuda_driver_child import driver_says
from inspector.runtimes.onnx_runtime.cuda_provider import preload_libraries
from inspector.runtimes.onnx_runtime.devices import PROVIDER, Offered, OfferedRequest

Report = Callable[[int, int, str], None]
_SIZE: Final = 4


def offered_in_child(request: OfferedRequest, report: Report) -> Offered:
    """Return what there is; a session is tried only where provider and device are there."""
    import onnxruntime

    report(0, 2, "")
    preload_libraries()
    driver = driver_says()
    found = Offered(
        providers=tuple(plain_line(name, 100) for name in onnxruntime.get_available_providers()),
        version=plain_line(onnxruntime.__version__, 40),
        built_for=plain_line(str(getattr(onnxruntime, "cuda_version", "") or ""), 40),
        driver=driver.version,
        driver_cuda=driver.cuda,
        devices=driver.devices,
        hidden="CUDA_VISIBLE_DEVICES" in os.environ,
        platform=f"{sys.platform} {platform.machine().lower()}",
        driver_problem=driver.problem,
    )
    if not request.make_session or PROVIDER not in found.providers or not found.devices:
        return found
    report(1, 2, "trying a session on CUDA")
    return _tried(found)


def _tried(found: Offered) -> Offered:
    """Return what was found with what comes of a session of one node that is made and run on CUDA."""
    import numpy as np

    from inspector.runtimes.onnx_runtime.sessions import make_session, run_session

    given = np.arange(_SIZE, dtype=np.float32)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "probe.onnx")
            path.write_bytes(_doubling())
            made = run_session(make_session(str(path), 1, device="cuda"), {"x": given})
    except OperationFailed as error:
        return replace(found, session_problem=error.message, session_hint=error.hint)
    except OSError as error:
        return replace(found, session_problem=f"no folder to try a session in: {plain_line(str(error))}")
    except MemoryError as error:
        return replace(found, session_problem=f"no memory for a session of one node: {plain_line(str(error))}")
    if not np.array_equal(made[0], given + given):
        return replace(found, session_problem="the device adds wrongly", session_hint="see `nvidia-smi`, or use --device cpu")
    return found


def _doubling() -> bytes:
    """Return a model that adds its input to itself."""
    from onnx import TensorProto, helper

    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [_SIZE]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "probe", tensors[:1], tensors[1:])
    return bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString())
