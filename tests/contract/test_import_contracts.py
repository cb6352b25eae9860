"""The arrows between rooms hold, and a broken one is noticed: lint-imports is run on copies with one arrow reversed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
LINT = Path(sys.executable).parent / "lint-imports"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / "inspector", tmp_path / "inspector", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_arrows_hold(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("room", "line", "contract"),
    [
        ("records/dtype.py", "import inspector.analysis", "Arrows point down"),
        ("analysis/operators.py", "import inspector.formats.detect", "Arrows point down"),
        ("formats/detect.py", "import inspector.workflows", "Arrows point down"),
        ("cli/main.py", "import inspector.tui.app", "Arrows point down"),
        ("records/dtype.py", "import numpy", "Records need the standard library only"),
        ("workflows/inspect.py", "import textual", "Only tui imports Textual"),
        ("analysis/operators.py", "import onnx", "Analysis is pure"),
        ("formats/detect.py", "import onnxruntime", "onnxruntime has one door"),
        ("bench/quick.py", "import tensorflow", "TensorFlow and LiteRT have one door"),
        ("engines/places.py", "import inspector.formats.detect", "Arrows point down"),
        ("runtimes/container/__init__.py", "import inspector.formats.image.engine", "Arrows point down"),
        ("formats/detect.py", "import docker", "Engines have three doors"),
        ("runtimes/installed.py", "import docker", "Engines have three doors"),
        ("workflows/inspect.py", "import docker", "Engines have three doors"),
    ],
)
def test_a_reversed_arrow_is_noticed(copy: Path, room: str, line: str, contract: str) -> None:
    with (copy / "inspector" / room).open("a") as file:
        file.write(f"\n{line}  # noqa\n")
    done = lint(copy)
    assert done.returncode != 0
    broken = [text for text in done.stdout.splitlines() if " BROKEN" in text]
    assert any(text.startswith(contract) for text in broken), done.stdout
