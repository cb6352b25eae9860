"""What of the application no exercise reached."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.analysis.image.slim.unexercised import unexercised
from inspector.records.image import Entry, Healthcheck
from inspector.records.image_inspection import ImageInspection
from inspector.records.serving import Observation
from inspector.records.slimming import Exercise, SlimRequest, Unexercised
from tests.unit.analysis.image.content_making import Content
from tests.unit.analysis.image.layer_making import hard_link, symlink
from tests.unit.analysis.image.slim.slim_making import SITE, of_files, python_package

ONNX = b"\x08\x07\x12\x04test\x3a\xc8\x01" + bytes(200)
REQUEST = SlimRequest(exercises=(Exercise("http", "check.http", path="/x/check.http"),))


def told(
    files: dict[str, Content], opened: set[str], executed: set[str] | None = None, **config: object
) -> list[tuple[str, str, int]]:
    found = unexercised(of_files(files, **config), Observation(frozenset(opened), frozenset(executed or ())), REQUEST)
    return [(one.what, one.place, one.bytes) for one in found]


def test_code_that_was_never_opened_largest_first() -> None:
    files: dict[str, Content] = {
        "app/main.py": 5, "app/lazy.py": 6, "app/compiled.py": 7, "app/native.so": 8, "app/run.sh": 9, "app/readme.md": 10,
        "app/tests/test_main.py": 11, "app/docs/conf.py": 12, "app/test_more.py": 13, "app/empty.py": 0, "app/site.js": 14,
        "app/__pycache__/compiled.cpython-312.pyc": 7, f"{SITE}/pip_less.py": 15, "usr/lib/python3.12/os.py": 16,
    }  # fmt: skip
    assert told(files, {"app/main.py", "app/__pycache__/compiled.cpython-312.pyc"}) == [
        ("code", "/app/site.js", 14),
        ("code", "/app/run.sh", 9),
        ("code", "/app/native.so", 8),
        ("code", "/app/lazy.py", 6),
    ]


def test_a_file_was_opened_under_whatever_name() -> None:
    files: dict[str, Content] = {"app/a.py": 5, "app/b.py": hard_link("app/b.py", "app/a.py")}
    assert told(files, {"app/b.py"}) == []


def test_models_that_were_never_opened() -> None:
    files: dict[str, Content] = {
        "models/used.onnx": ONNX,
        "models/idle.onnx": ONNX + b"\x00",
        "saved/one/saved_model.pb": b"\x08\x01" + bytes(30),
        "saved/one/variables/variables.data-00000-of-00001": 2 << 20,
        "saved/two/saved_model.pb": b"\x08\x01" + bytes(31),
        "saved/two/variables/variables.data-00000-of-00001": 3 << 20,
        "srv/big.safetensors": 4 << 20,
        "srv/small.safetensors": 40,
    } | python_package("thing", {"thing/net.onnx": ONNX})  # fmt: skip
    opened = {"models/used.onnx", "saved/one/saved_model.pb"}
    assert told(files, opened) == [
        ("model", "/srv/big.safetensors", 4 << 20),
        ("model", "/saved/two", (3 << 20) + 33),
        ("model", "/models/idle.onnx", len(ONNX) + 1),
    ]


def test_programs_of_the_application_that_never_ran() -> None:
    elf, script = b"\x7fELF" + bytes(60), b"#!/bin/sh\n"
    heads = {"app/bin/tool": elf, "app/bin/used": elf, "app/bin/hook": script, "app/bin/read": script, "usr/bin/x": elf}
    files: dict[str, Content] = {path: Entry(path, "file", len(head), mode=0o755) for path, head in heads.items()}
    files["app/bin/data"] = Entry("app/bin/data", "file", 70, mode=0o755)
    files["app/bin/plain"] = b"\x7fELF, but not to be executed"
    inspection = of_files(files)
    (layer,) = inspection.image.layers
    programs = replace(inspection, image=replace(inspection.image, layers=(replace(layer, heads={**layer.heads, **heads}),)))
    found = unexercised(programs, Observation(frozenset({"app/bin/read"}), frozenset({"app/bin/used"})), REQUEST)
    assert [(one.what, one.place) for one in found] == [("program", "/app/bin/tool"), ("program", "/app/bin/hook")]


def ports(config_ports: tuple[str, ...], *exercises: Exercise, asked: tuple[int, ...] = ()) -> list[str]:
    inspection = of_files({"etc/x": 1}, ports=config_ports)
    found = unexercised(inspection, Observation(), SlimRequest(exercises=exercises), asked)
    assert all(one.what == "port" for one in found)
    return [one.place for one in found]


def test_ports_that_nobody_asked() -> None:
    http = Exercise("http", "a.http", path="/a.http")
    contract = Exercise("contract", "c", url="http://localhost:8000/v2/models/m/infer")
    command = Exercise("command", "c", command=("curl", "http://localhost:9090/metrics"))
    assert ports(("8080/tcp",), http) == []
    assert ports(("8080/tcp", "9090/tcp"), http) == ["8080/tcp", "9090/tcp"]
    assert ports(("8080/tcp", "9090/tcp"), http, asked=(8080,)) == ["9090/tcp"]
    assert ports(("8000/tcp", "9090/tcp", "53/udp"), contract) == ["9090/tcp"]
    assert ports(("8000/tcp", "9090/tcp"), contract, command) == []
    assert ports(("8080/tcp",), Exercise("command", "c", command=("python", "check.py"))) == ["8080/tcp"]
    assert ports(("8080/tcp", "x/tcp"), Exercise("contract", "c", url="http://[bad")) == ["8080/tcp", "x/tcp"]


CURL: dict[str, Content] = {
    "usr/bin/curl": Entry("usr/bin/curl", "file", 5, mode=0o755),
    "usr/bin/dash": Entry("usr/bin/dash", "file", 5, mode=0o755),
    "bin": symlink("bin", "usr/bin"),
    "usr/bin/sh": symlink("usr/bin/sh", "dash"),
}


@pytest.mark.parametrize(
    ("test", "executed", "ran"),
    [
        (("CMD", "curl", "-f", "http://localhost"), {"usr/bin/curl"}, True),
        (("CMD", "curl", "-f", "http://localhost"), {"usr/bin/dash"}, False),
        (("CMD-SHELL", "curl -f http://localhost || exit 1"), {"usr/bin/curl", "usr/bin/dash"}, True),
        (("CMD-SHELL", "curl -f http://localhost || exit 1"), {"usr/bin/dash"}, False),
        (("CMD-SHELL", "test -f /ready"), {"usr/bin/dash"}, True),
        (("CMD-SHELL", "test -f /ready"), set(), False),
        (("NONE",), set(), True),
    ],
)
def test_a_health_check_that_did_not_run(test: tuple[str, ...], executed: set[str], ran: bool) -> None:
    found = told(CURL, set(), executed, healthcheck=Healthcheck(test))
    assert found == ([] if ran else [("health check", " ".join(test[1:]), 0)])


def test_only_the_largest_are_told() -> None:
    inspection: ImageInspection = of_files({f"app/m{number}.py": number + 1 for number in range(500)})
    found = unexercised(inspection, Observation(), REQUEST)
    assert len(found) == 40
    assert found[0] == Unexercised("code", "/app/m499.py", 500)


def test_pythons_own_library_and_shared_libraries_are_no_part_of_the_application() -> None:
    home = "opt/python/lib/python3.12"
    files: dict[str, Content] = {f"{home}/os.py": 5, f"{home}/site-packages/main_app.py": 6, "opt/python/bin/x": 7}
    elf = b"\x7fELF" + bytes(60)
    files["opt/python/lib/libpython3.12.so.1.0"] = Entry("opt/python/lib/libpython3.12.so.1.0", "file", len(elf), mode=0o755)
    inspection = of_files(files)
    (layer,) = inspection.image.layers
    heads = {"opt/python/lib/libpython3.12.so.1.0": elf}
    seen = replace(inspection, image=replace(inspection.image, layers=(replace(layer, heads=heads),)))
    found = unexercised(seen, Observation(frozenset({"opt/python/lib/libpython3.12.so.1.0"})), REQUEST)
    assert f"/{home}/os.py" not in {one.place for one in found}
    assert "program" not in {one.what for one in found}
