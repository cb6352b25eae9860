"""Without TensorFlow there is one line with the command that installs it, and nothing is imported to find that out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from inspector.errors import UsageError
from inspector.runtimes.tensorflow.availability import DISTRIBUTIONS, require_tensorflow, tensorflow_version

PROJECT = Path(__file__).parents[4]


def test_where_it_is_not_installed_the_command_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tensorflow").mkdir()  # a folder of that name is no package
    (tmp_path / "tensorflow" / "notes.txt").write_text("about tensorflow")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    with pytest.raises(UsageError) as caught:
        require_tensorflow()
    assert str(caught.value) == (
        'TensorFlow is not installed, and SavedModels run on it (pip install "modelpack-tui[tensorflow]")'
    )
    assert tensorflow_version() == ""


def test_looking_for_it_does_not_import_it() -> None:
    code = (
        "import sys; from inspector.runtimes.tensorflow.availability import require_tensorflow, tensorflow_version\n"
        "try: require_tensorflow()\n"
        "except Exception as error: print(type(error).__name__)\n"
        "print(tensorflow_version() != '', 'tensorflow' in sys.modules, 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT)
    assert done.returncode == 0, done.stderr
    if any(True for _ in Path(sys.prefix).rglob("tensorflow_cpu-*.dist-info")):
        assert done.stdout.split() == ["True", "False", "False"]
    else:
        assert done.stdout.split()[-2:] == ["False", "False"]


def test_the_packages_that_bring_it_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in enumerate(DISTRIBUTIONS):
        place = tmp_path / name
        folder = place / f"{name.replace('-', '_')}-2.{number}.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.{number}.0\n")
        monkeypatch.setattr(sys, "path", [str(place)])
        assert tensorflow_version() == f"2.{number}.0"
