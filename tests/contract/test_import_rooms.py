"""What each room loads when it is imported alone in a fresh interpreter: lazy imports are invisible to import-linter."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import inspector

PACKAGE = Path(inspector.__file__).parent

HEAVY = {"onnx", "numpy", "onnxruntime", "tensorflow", "docker", "onnxsim", "jinja2"}
"""What neither --help nor the first paint may load."""

TERMINAL = {"textual", "rich"}

FORMAT_DOORS = [
    "detect",
    *(
        f"onnx.{name}"
        for name in (
            "read",
            "equality",
            "digests",
            "shape_inference",
            "weight_details",
            "weight_bytes",
            "skeleton",
            "weight_comparison",
        )
    ),
    "saved_model.read",
    "tflite.read",
    "rules_file",
    *(
        f"image.{name}"
        for name in (
            "read",
            "layer_index",
            "layer_passes",
            "layer_contents",
            "content_keys",
            "layer_hashes",
            "engine",
            "memory_folder",
            "file_digest",
            "loadable",
            "elf_needs",
            "writing",
            "written",
            "saving",
        )
    ),
    "saved_model.digests",
    *("saved_model.publish", "saved_model.save_folder", "onnx.save_draft"),
    *("contract_file", "contract_file.embedding", "contract_file.schema", "onnx.check_model", "onnx.save", "onnx.open_file"),
]
"""What this process uses of the formats; the rest of that room may use onnx and numpy, being run in children only."""

LOADED = """\
import json, sys
before = set(sys.modules)
for name in json.loads(sys.argv.pop()):
    __import__(name)
json.dump(sorted(set(sys.modules) - before), sys.stdout)
"""


def modules_of(room: str) -> list[str]:
    """Return the name of every module of a room but those that only a child process imports."""
    paths = sorted((PACKAGE / room).rglob("*.py"))
    names = [path.relative_to(PACKAGE.parent).with_suffix("").as_posix().replace("/", ".") for path in paths]
    return [name.removesuffix(".__init__") for name in names if not name.endswith(("_child", ".child_main"))]


def loaded_by(*names: str) -> set[str]:
    """Return every module that a fresh interpreter loads for the given ones."""
    done = subprocess.run([sys.executable, "-c", LOADED, json.dumps(names)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def libraries(modules: set[str]) -> set[str]:
    """Return the packages that are neither the standard library's nor ours."""
    tops = {name.partition(".")[0] for name in modules}
    return {top for top in tops if top not in sys.stdlib_module_names and top != "inspector"}


def rooms(modules: set[str]) -> set[str]:
    return {name.split(".")[1] for name in modules if name.startswith("inspector.")}


@pytest.mark.parametrize(("room", "below"), [("records", set()), ("analysis", {"records", "errors"})])
def test_pure_rooms_load_the_standard_library_only(room: str, below: set[str]) -> None:
    modules = loaded_by(*modules_of(room))
    assert libraries(modules) == set()
    assert rooms(modules) <= {room} | below


def test_errors_need_nothing() -> None:
    assert libraries(loaded_by("inspector.errors")) == set()


@pytest.mark.parametrize("room", ["isolation", "engines", "runtimes", "report", "workflows", "cli"])
def test_rooms_below_the_screens_load_nothing_heavy(room: str) -> None:
    assert libraries(loaded_by(*modules_of(room))) & (HEAVY | TERMINAL) == set()


@pytest.mark.parametrize("door", FORMAT_DOORS)
def test_what_others_use_of_the_formats_loads_nothing_heavy(door: str) -> None:
    assert libraries(loaded_by(f"inspector.formats.{door}")) & (HEAVY | TERMINAL) == set()


def test_no_room_uses_more_of_the_formats_than_their_doors() -> None:
    used = set()
    for path in [path for room in ("workflows", "cli", "tui") for path in (PACKAGE / room).rglob("*.py")]:
        used |= set(re.findall(r"inspector\.formats\.([\w.]+) import", path.read_text()))
    assert used <= set(FORMAT_DOORS)
    assert "onnx.read" in used


def test_the_screens_load_nothing_heavy_before_they_are_painted() -> None:
    assert libraries(loaded_by(*modules_of("tui"))) & HEAVY == set()


@pytest.mark.parametrize("room", ["isolation", "engines", "formats", "runtimes", "analysis", "report"])
def test_every_module_can_be_imported_first(room: str) -> None:
    """A module that only works after another one was imported hides a circle."""
    for name in modules_of(room)[:: max(1, len(modules_of(room)) // 6)]:
        assert name in loaded_by(name)


def test_the_command_itself_loads_no_library_at_all() -> None:
    modules = loaded_by("inspector.cli.main")
    assert libraries(modules) == set()
    assert modules.isdisjoint(
        {"dataclasses", "typing", "argparse", "pathlib", "gettext", "importlib.metadata", "inspect"} - set(sys_baseline())
    )


def sys_baseline() -> list[str]:
    """Return what a fresh interpreter has loaded before it does anything."""
    code = "import json, sys; print(json.dumps(sorted(sys.modules)))"
    return list(json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout))


@pytest.mark.parametrize("option", ["--help", "--version", "--schema"])
def test_what_only_prints_loads_no_library_at_all(option: str) -> None:
    code = (
        "import sys, inspector.__main__ as main\n"
        "try: code = main.run(sys.argv[1:])\n"
        "except SystemExit as exit: code = exit.code\n"
        "print(' '.join(sys.modules), file=sys.stderr)\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, option], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout
    loaded = set(done.stderr.split())
    assert libraries(loaded) - libraries(set(sys_baseline())) == set()
    assert "dataclasses" not in loaded


def test_a_report_as_text_starts_no_screen_library(tmp_path: Path) -> None:
    code = (
        "import sys, inspector.__main__ as main\n"
        "code = main.run(sys.argv[1:])\n"
        "print(' '.join(sys.modules), file=sys.stderr)\n"
        "sys.exit(code)"
    )
    sample = PACKAGE.parent / "sample_models" / "digits_cnn.onnx"
    target = tmp_path / "out.txt"
    done = subprocess.run([sys.executable, "-c", code, str(sample), "--report", str(target)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert libraries(set(done.stderr.split())) & (HEAVY | TERMINAL) == set()
