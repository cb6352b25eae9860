from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inspector.__main__ import run
from tests.cli.models import dense_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a small valid model in a folder of its own."""
    folder = tmp_path / "models"
    folder.mkdir()
    return dense_model(folder / "dense.onnx")


@pytest.fixture
def command(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Return what runs the command in this process, without a terminal: exit code, output and errors."""
    monkeypatch.setattr(sys, "stdin", Path(os.devnull).open())  # noqa: SIM115

    def call(*arguments: object) -> tuple[int, str, str]:
        try:
            code: Any = run([str(argument) for argument in arguments])
        except SystemExit as exit_:
            code = exit_.code
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return call
