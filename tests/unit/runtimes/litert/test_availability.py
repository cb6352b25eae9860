"""Without LiteRT there is one line with the command that installs it; which package holds it is known without importing one."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from inspector.errors import UsageError
from inspector.runtimes.litert.availability import installed_package, litert_version, require_litert

PROJECT = Path(__file__).parents[4]
HIDDEN = """
import sys
class Hiding:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hiding())
"""
"""The start of a program in whose process modules cannot be found, though they are installed."""


def program(*hidden: str) -> str:
    return HIDDEN.format(hidden=hidden)


def module(folder: Path, name: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").touch()


def alone(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have nothing importable but what lies in a folder."""
    monkeypatch.setattr(sys, "path", [str(folder)])
    for name in ("ai_edge_litert", "tensorflow"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_where_it_is_not_installed_the_command_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ai_edge_litert").mkdir()  # a folder of that name is no package
    alone(monkeypatch, tmp_path)
    with pytest.raises(UsageError) as caught:
        require_litert()
    assert str(caught.value) == 'LiteRT is not installed, and .tflite models run on it (pip install "modelpack-tui[litert]")'
    assert litert_version() == ""


def test_its_own_package_comes_before_tensorflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch, tmp_path)
    module(tmp_path, "tensorflow")
    assert installed_package() == "tensorflow"
    for name, version in (("tensorflow_cpu", "2.21.0"), ("ai_edge_litert", "2.3.0")):
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    later = tmp_path / "later"  # the metadata of a folder are read once
    later.mkdir()
    module(later, "ai_edge_litert")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert litert_version() == "2.21.0"
    monkeypatch.setattr(sys, "path", [str(later), str(tmp_path)])
    assert installed_package() == "ai_edge_litert"
    assert litert_version() == "2.3.0"


def test_looking_for_it_imports_nothing() -> None:
    code = (
        "import sys; from inspector.runtimes.litert.availability import installed_package, litert_version\n"
        "heavy = ('ai_edge_litert', 'tensorflow', 'numpy')\n"
        "print(installed_package(), litert_version(), *(name in sys.modules for name in heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-3:] == ["False"] * 3


def test_the_interpreter_of_tensorflow_takes_its_place_and_says_nothing_of_its_end(tmp_path: Path) -> None:
    if find_spec("tensorflow") is None or find_spec("ai_edge_litert") is None:
        pytest.skip("TensorFlow has no wheel for this Python or platform")
    from tests.tflite_models import made

    (tmp_path / "dense.tflite").write_bytes(made.dense())
    calls = (
        "import numpy as np\n"
        "from inspector.runtimes.litert.loading_child import load_signature\n"
        f"loaded = load_signature({str(tmp_path / 'dense.tflite')!r})\n"
        "print(loaded.run({'x': np.arange(8, dtype=np.float32).reshape(2, 4)})[0].tolist())\n"
        "print(*(name in sys.modules for name in ('ai_edge_litert', 'tensorflow')))\n"
    )
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    found = []
    for hidden in ("ai_edge_litert", "tensorflow"):
        command = [sys.executable, "-c", program(hidden) + calls]
        found.append(subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, env={"PATH": "", **quiet}))
    assert [one.returncode for one in found] == [0, 0], found[0].stderr + found[1].stderr
    (by_tensorflow, there), (by_litert, here) = (one.stdout.splitlines() for one in found)
    assert by_tensorflow == by_litert
    assert (there, here) == ("False True", "True False")
    assert not any(word in one.stderr for one in found for word in ("deprecat", "XNNPACK", "Warning"))


def test_a_command_without_it_is_one_line(tmp_path: Path) -> None:
    from tests.tflite_models import made

    (tmp_path / "dense.tflite").write_bytes(made.dense())
    command = "from inspector.__main__ import run; sys.argv = ['modelpack-tui', 'dense.tflite', '--bench']; sys.exit(run())"
    hiding = program("ai_edge_litert", "tensorflow") + f"sys.path.insert(0, {str(PROJECT)!r})\n"
    done = subprocess.run([sys.executable, "-c", hiding + command], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.strip() == (
        "modelpack-tui: error: LiteRT is not installed, and .tflite models run on it "
        '(pip install "modelpack-tui[litert]")'
    )  # fmt: skip
