"""Only the rules of the format at hand are loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[3] / "sample_models"

CODE = """
import sys
from pathlib import Path
from inspector.workflows.examine import examine
list(examine(Path(sys.argv[1])))
prefix = "inspector.analysis.findings."
print(*sorted(name.removeprefix(prefix) for name in sys.modules if name.startswith(prefix)))
"""


@pytest.mark.parametrize(
    ("sample", "loaded", "other"),
    [
        ("digits_keras", "saved_model_themes", "onnx_themes"),
        ("iterative_refinement.onnx", "onnx_themes", "saved_model_themes"),
    ],
)
def test_themes_of_the_other_format_are_not_imported(sample: str, loaded: str, other: str) -> None:
    command = [sys.executable, "-c", CODE, SAMPLES / sample]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert loaded in modules
    assert other not in modules
