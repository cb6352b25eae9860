"""Which part of a slimmed image a path belongs to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from inspector.analysis.image.slim.owners import ownership
from inspector.analysis.image.slim.parts import part_by_place, part_of, parts_of
from inspector.records.image_inspection import ImageInspection
from inspector.records.written_image import LayerPart
from tests.unit.analysis.image.layer_making import hard_link, symlink
from tests.unit.analysis.image.slim.slim_making import SITE, debian_packages, of_files, python_package, read

SAMPLE = Path(__file__).parents[5] / "sample_models" / "digits_image.tar"
MB = 1 << 20
ONNX = b"\x08\x07\x12\x04test\x3a\xc8\x01" + bytes(200)
DEBIAN = {
    "bash": {"usr/bin/bash": 50, "opt/bash/extra": 4},
    "python3-yaml": {"usr/lib/python3/dist-packages/yaml.py": 9},
}

FILES = {
    **debian_packages(DEBIAN),
    **python_package("thing", {"thing/__init__.py": 10, "thing/net.onnx": ONNX}),
    f"{SITE}/thing/__pycache__/__init__.cpython-312.pyc": 11,
    f"{SITE}/loose.py": 3,
    f"{SITE}/thing/fetched.safetensors": 2 * MB,
    "usr/lib/python3/dist-packages/__pycache__/yaml.cpython-311.pyc": 8,
    "etc/hosts": 4,
    "usr/local/lib/libmine.so": 5,
    "usr/src/app/serve.py": 5,
    "app/main.py": 5,
    "app/requirements.txt": 5,
    "app/weights/net.onnx": ONNX,
    "app/weights/net.onnx_data": 300,
    "app/weights/labels.txt": 7,
    "app/small.safetensors": 12,
    "app/small.bin": 12,
    "app/large.bin": 2 * MB,
    "app/latest": symlink("app/latest", "weights/net.onnx"),
    "app/node_modules/left/index.js": 5,
    "models/saved/saved_model.pb": b"\x08\x01" + bytes(30),
    "models/saved/variables/variables.data-00000-of-00001": 40,
    "models/saved/variables/variables.index": 4,
    "models/saved/convert.py": 6,
    "root/.cache/huggingface/hub/models--a/blobs/0a1b": 40,
    "root/.bashrc": 3,
    "root/.cache/pip/http/x": 3,
    "opt/venv/pyvenv.cfg": b"home = /usr/bin\n",
    "opt/venv/bin/activate": 4,
    "opt/conda/conda-meta/history": 4,
    "opt/conda/bin/python": 4,
    "opt/tool/run": 4,
    "var/www/index.js": 4,
    "entrypoint.sh": b"#!/bin/sh\nexec python /app/main.py\n",
    "bin": symlink("bin", "usr/bin"),
}  # fmt: skip

EXPECTED: list[tuple[str, LayerPart]] = [
    ("usr/bin/bash", "base"),
    ("opt/bash/extra", "base"),
    ("usr/lib/python3/dist-packages/yaml.py", "base"),
    ("usr/lib/python3/dist-packages/__pycache__/yaml.cpython-311.pyc", "base"),
    ("var/lib/dpkg/status", "base"),
    (f"{SITE}/thing/__init__.py", "dependencies"),
    (f"{SITE}/thing/__pycache__/__init__.cpython-312.pyc", "dependencies"),
    (f"{SITE}/thing/net.onnx", "dependencies"),
    (f"{SITE}/thing/fetched.safetensors", "weights"),
    (f"{SITE}/loose.py", "dependencies"),
    ("etc/hosts", "base"),
    ("usr/local/lib/libmine.so", "base"),
    ("usr/src/app/serve.py", "code"),
    ("app/main.py", "code"),
    ("app/requirements.txt", "code"),
    ("app/weights/net.onnx", "weights"),
    ("app/weights/net.onnx_data", "weights"),
    ("app/weights/labels.txt", "weights"),
    ("app/small.safetensors", "weights"),
    ("app/small.bin", "code"),
    ("app/large.bin", "weights"),
    ("app/latest", "weights"),
    ("app/node_modules/left/index.js", "dependencies"),
    ("models/saved/saved_model.pb", "weights"),
    ("models/saved/variables/variables.data-00000-of-00001", "weights"),
    ("models/saved/variables/variables.index", "weights"),
    ("models/saved/convert.py", "code"),
    ("root/.cache/huggingface/hub/models--a/blobs/0a1b", "weights"),
    ("root/.bashrc", "code"),
    ("root/.cache/pip/http/x", "dependencies"),
    ("opt/venv/bin/activate", "dependencies"),
    ("opt/conda/bin/python", "dependencies"),
    ("opt/tool/run", "code"),
    ("var/www/index.js", "code"),
    ("entrypoint.sh", "code"),
    ("bin", "base"),
]


@pytest.fixture(scope="module")
def inspection() -> ImageInspection:
    return of_files(FILES, working_dir="/app")


@pytest.mark.parametrize(("path", "part"), EXPECTED)
def test_whose_file_it_is_decides(inspection: ImageInspection, path: str, part: LayerPart) -> None:
    assert parts_of(inspection)[path] == part


def test_every_path_but_folders_has_a_part(inspection: ImageInspection) -> None:
    assert inspection.file_system is not None
    files = {path for path, one in inspection.file_system.entries.items() if one.entry.kind != "directory"}
    assert parts_of(inspection).keys() == files


def test_all_names_of_a_content_have_the_part_of_the_first() -> None:
    files = {
        "app/copy.py": hard_link("app/copy.py", f"{SITE}/thing.py"),
        "etc/one": 3,
        "opt/app/one": hard_link("opt/app/one", "etc/one"),
    }
    parts = parts_of(of_files({f"{SITE}/thing.py": 5}, files))
    assert parts["app/copy.py"] == parts[f"{SITE}/thing.py"] == "code"
    assert parts["opt/app/one"] == parts["etc/one"] == "base"


def test_what_is_asked_before_all_is_known_is_asked_again() -> None:
    whole = of_files({**python_package("thing", {"../../../../../lib/odd/thing.py": 5}), "app/main.py": 3})
    early = replace(whole, packages=None)
    assert parts_of(early) is parts_of(early)
    assert parts_of(whole) is not parts_of(early)


def test_what_is_not_there_yet_has_a_part(inspection: ImageInspection) -> None:
    assert part_of(inspection, "app/__pycache__/main.cpython-312.pyc") == "code"
    assert part_of(inspection, "usr/lib/python3/dist-packages/__pycache__/yaml.cpython-312.pyc") == "base"
    assert part_of(inspection, f"{SITE}/new/__pycache__/x.cpython-312.pyc") == "dependencies"
    assert part_by_place("x" * 100_000) == "base"


def test_the_sample_image_falls_into_all_four_parts() -> None:
    inspection = read(SAMPLE)
    assert inspection.file_system is not None
    sizes: dict[LayerPart, int] = dict.fromkeys(("base", "dependencies", "code", "weights"), 0)
    for path, part in parts_of(inspection).items():
        placed = inspection.file_system.entries[path]
        sizes[part] += placed.size if placed.content.kind == "file" else 0
    assert sizes["weights"] == 2 * 705_226
    assert all(sizes.values())
    assert sum(sizes.values()) == inspection.file_system.size_bytes


def test_owners_are_those_that_the_packages_were_counted_with() -> None:
    inspection = read(SAMPLE)
    assert inspection.packages is not None
    assert inspection.file_system is not None
    entries = inspection.file_system.entries
    counted: dict[tuple[str, str], int] = {}
    for path, owner in ownership(inspection).of_path.items():
        if entries[path].content.kind == "file":
            counted[owner.kind, owner.name] = counted.get((owner.kind, owner.name), 0) + entries[path].size
    told = {(one.kind, one.name): one.bytes + one.bytecode_bytes for one in inspection.packages.packages}
    assert counted == told
