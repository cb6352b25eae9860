"""An environment with what the project needs to run and nothing more: no TensorFlow, made once in .bench/."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / ".bench" / "without_tensorflow"


def command() -> str:
    """Return the path of modelpack-tui there; raises RuntimeError if TensorFlow is importable beside it."""
    python = FOLDER / "bin" / "python"
    made = FOLDER / ".made"
    needed = max((PROJECT / name).stat().st_mtime for name in ("pyproject.toml", "constraints.txt"))
    if not made.exists() or made.stat().st_mtime < needed:
        print(f"making {FOLDER.relative_to(PROJECT)}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True)
        options = ["--disable-pip-version-check", "-q", "-c", str(PROJECT / "constraints.txt"), "-e", str(PROJECT)]
        subprocess.run([str(python), "-m", "pip", "install", *options], check=True)
        made.touch()
    if subprocess.run([str(python), "-c", "import tensorflow"], capture_output=True).returncode == 0:
        raise RuntimeError(f"TensorFlow is installed in {FOLDER}: remove that folder")
    return str(FOLDER / "bin" / "modelpack-tui")
