"""A folder of many small artifacts of every kind, some of them damaged, each in its own way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import helper

from tests.builders import chain, model_of, save, small_cnn, value, weight
from tests.e2e.hostile_saved_models import protos
from tests.images.archives import ImageSpec, docker_archive, oci_layout
from tests.images.build import build_layer
from tests.images.entries import File

DAMAGED = (
    "models/cut.onnx",
    "models/empty.onnx",
    "models/zipped.onnx",
    "images/garbage.tar",
    "saved/damaged",
)
"""Below the folder of fleet()."""


def fleet(folder: Path, count: int = 200) -> list[str]:
    """Write count artifacts, the damaged among them, into folders below folder; return the paths of those that can be read."""
    good = count - len(DAMAGED)
    images, layouts, saved = good // 20, good // 20, good // 10
    for name in ("models/deep/er", "images", "saved"):
        (folder / name).mkdir(parents=True)
    paths = [
        *(_image(folder / "images" / f"app-{number}.tar", number) for number in range(images)),
        *(_layout(folder / "images" / f"layout-{number}", number) for number in range(layouts)),
        *(_saved_model(folder / "saved" / f"model-{number}", number) for number in range(saved)),
    ]
    for number in range(good - len(paths)):
        place = ("models", "models/deep", "models/deep/er")[number % 3]
        paths.append(_model(folder / place / f"model-{number}.onnx", number))
    _damaged(folder)
    _no_artifacts(folder)
    return [str(path) for path in paths]


def _model(path: Path, number: int) -> Path:
    if number % 3 == 0:
        return save(small_cnn(), path)
    if number % 3 == 1:
        return save(chain(number % 40 + 1), path)
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    stored = weight("w", np.full((number + 1, 4), number, np.float32))
    return save(model_of([node], [value("x", [1, number + 1])], [value("y", [1, 4])], [stored]), path)


def _saved_model(path: Path, number: int) -> Path:
    path.mkdir()
    (path / "saved_model.pb").write_bytes(protos.small())
    (path / f"note-{number}.txt").write_text("beside it")
    return path


def _spec(number: int) -> ImageSpec:
    layer = build_layer({"app/serve.py": File(b"print(1)\n" * (number + 1)), "etc/os-release": File(b"ID=debian\n")})
    return ImageSpec([layer], {"Cmd": ["python3", "/app/serve.py"]}, (f"app:{number}",))


def _image(path: Path, number: int) -> Path:
    return docker_archive(path, [_spec(number)])


def _layout(path: Path, number: int) -> Path:
    return oci_layout(path, [_spec(number)])


def _damaged(folder: Path) -> None:
    whole = save(small_cnn(), folder / "models" / "cut.onnx").read_bytes()
    (folder / "models" / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    (folder / "models" / "empty.onnx").write_bytes(b"")
    (folder / "models" / "zipped.onnx").write_bytes(b"PK\x03\x04" + bytes(100))
    (folder / "images" / "garbage.tar").write_bytes(bytes(range(256)) * 40)
    (folder / "saved" / "damaged").mkdir()
    (folder / "saved" / "damaged" / "saved_model.pb").write_bytes(protos.small()[:-9])


def _no_artifacts(folder: Path) -> None:
    """Write what lies beside artifacts everywhere, and hidden and installed ones, which nobody means."""
    (folder / "README.md").write_text("# models")
    (folder / "models" / "weights.bin").write_bytes(bytes(1000))
    for hidden in (".git", "node_modules", "venv"):
        (folder / hidden).mkdir()
        save(chain(), folder / hidden / "hidden.onnx")
    (folder / "venv" / "pyvenv.cfg").write_text("home = /usr/bin")
    (folder / "models" / "again").symlink_to(folder)
