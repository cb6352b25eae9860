"""The table of what ONNX Runtime loads, against the installed ONNX Runtime itself."""

from __future__ import annotations

import subprocess
import sys

import onnxruntime
import pytest
from onnx import helper

from inspector.runtimes import onnx_runtime_support
from inspector.runtimes.onnx_runtime_support import installed_support


def loads(domain: str, operator: str, opset: int, ir_version: int) -> bool:
    value = helper.make_tensor_value_info
    graph = helper.make_graph([helper.make_node(operator, ["x"], ["y"], domain=domain)], "g", [value("x", 1, [1])], [])
    graph.output.append(value("y", 1, [1]))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(domain, opset)], ir_version=ir_version)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception:
        return False
    return True


@pytest.mark.parametrize(("domain", "operator", "key"), [("", "Relu", "ai.onnx"), ("ai.onnx.ml", "Binarizer", "ai.onnx.ml")])
def test_the_newest_opset_loads_and_the_next_does_not(domain: str, operator: str, key: str) -> None:
    newest = installed_support().opsets[key]
    assert loads(domain, operator, newest, 8)
    assert not loads(domain, operator, newest + 1, 8)


def test_the_newest_ir_version_loads_and_the_next_does_not() -> None:
    newest = installed_support().ir_version
    assert newest is not None
    assert loads("", "Relu", 17, newest)
    assert not loads("", "Relu", 17, newest + 1)


def test_it_is_the_installed_version_and_nothing_is_imported_to_tell() -> None:
    assert installed_support().version == onnxruntime.__version__
    code = (
        "import sys; from inspector.runtimes.onnx_runtime_support import installed_support; installed_support();"
        "print([name for name in ('onnxruntime', 'onnx', 'numpy') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("version", ["", "0.9.0", "99.1.0", "nonsense", "1.x"])
def test_a_version_outside_the_table_claims_nothing(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_runtime_support, "_installed_version", lambda: version)
    support = installed_support.__wrapped__()
    assert support.version == version
    assert not support.opsets
    assert support.ir_version is None
