from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.models import dense_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a small valid model in a folder of its own."""
    folder = tmp_path / "models"
    folder.mkdir()
    return dense_model(folder / "dense.onnx")
