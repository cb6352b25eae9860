"""What keeps a container's program from starting, and programs for another processor."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.records.image import Entry, Image
from tests.unit.analysis.image.content_making import Content, by_rule, image_of, layer
from tests.unit.analysis.image.layer_making import file, hard_link, symlink
from tests.unit.analysis.image.test_elf import elf


def program(path: str, head: bytes = b"", mode: int = 0o755) -> tuple[Entry, bytes]:
    return file(path, 5000, mode=mode), head or elf()


def image(*programs: tuple[Entry, bytes], others: dict[str, Content] | None = None, **config: object) -> Image:
    files: dict[str, Content] = {entry.path: entry for entry, _ in programs} | (others or {})
    heads = {entry.path: head for entry, head in programs}
    return image_of(replace(layer(files), heads=heads), **config)


def problems(image: Image) -> list[str]:
    return [finding.message for finding in by_rule(image, "entrypoint-missing")]


SHELL = program("usr/bin/dash")
MERGED: dict[str, Content] = {"bin": symlink("bin", "usr/bin"), "usr/bin/sh": symlink("usr/bin/sh", "dash")}


@pytest.mark.parametrize(
    "words",
    [
        ("/usr/bin/server",),
        ("server", "--port", "80"),
        ("/bin/sh", "-c", "server --port $PORT"),
        ("/bin/sh", "-c", "exec server"),
        ("/bin/sh", "-c", "A=1 exec server && other"),
        ("/bin/sh", "-c", "cd /x && ./unknown"),
        ("/bin/sh", "-c", "$SERVER"),
        ("/bin/sh", "-c", "echo 'unclosed"),
        ("../usr/bin/server",),
        ("/opt/link",),
    ],
)
def test_what_starts(words: tuple[str, ...]) -> None:
    others = MERGED | {"opt/link": symlink("opt/link", "../usr/bin/server")}
    assert problems(image(SHELL, program("usr/bin/server"), others=others, entrypoint=words, working_dir="/opt")) == []


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("/usr/bin/serve",), "the program /usr/bin/serve is not there"),
        (("serve",), "the program serve is in no folder of PATH"),
        (("/bin/sh", "-c", "serve --port 80"), "the program serve is in no folder of PATH"),
        (("./server",), "the program ./server is not there"),
        (("/opt/dead",), "the program /opt/dead is a symlink that leads nowhere"),
        (("/opt/loop",), "the program /opt/loop is a symlink that leads nowhere"),
        (("/usr",), "the program /usr is a directory"),
        (("/opt/plain",), "the program /opt/plain may not be executed (mode 0644)"),
        (("/opt/windows",), "the program /opt/windows is a Windows program"),
    ],
)
def test_what_does_not_start(words: tuple[str, ...], problem: str) -> None:
    others = MERGED | {"opt/dead": symlink("opt/dead", "/nowhere"), "opt/loop": symlink("opt/loop", "loop")}
    programs = (SHELL, program("usr/bin/server"), program("opt/plain", mode=0o644), program("opt/windows", b"MZ\x90\0"))
    found = by_rule(image(*programs, others=others, entrypoint=words), "entrypoint-missing")
    assert [(finding.message, finding.severity, finding.place) for finding in found] == [(problem, "high", "config Entrypoint")]


def test_the_command_counts_where_there_is_no_entrypoint() -> None:
    assert by_rule(image(command=("serve",)), "entrypoint-missing")[0].place == "config Cmd"


def test_path_and_working_folder() -> None:
    tool = program("opt/tools/server")
    assert problems(image(tool, entrypoint=("server",), environment=(("PATH", "/opt/tools:/bin"),))) == []
    assert problems(image(tool, entrypoint=("server",))) == ["the program server is in no folder of PATH"]
    assert problems(image(tool, entrypoint=("./server",), working_dir="/opt/tools")) == []


def test_scripts_need_their_interpreters() -> None:
    lost = program("run.sh", b"#!/bin/bash\n")
    assert problems(image(lost, entrypoint=("/run.sh",))) == ["/run.sh is a script, and the program /bin/bash is not there"]
    by_env = program("run.sh", b"#!/usr/bin/env python3\n")
    message = "/run.sh is a script, and the program python3 is in no folder of PATH"
    assert problems(image(by_env, program("usr/bin/env"), entrypoint=("/run.sh",))) == [message]
    found = image(by_env, program("usr/bin/env"), program("usr/bin/python3"), entrypoint=("/run.sh",))
    assert problems(found) == []
    windows = program("run.sh", b"#!/bin/sh\r\n")
    assert "CRLF" in problems(image(windows, SHELL, others=MERGED, entrypoint=("/run.sh",)))[0]
    itself = program("run.sh", b"#!/run.sh\n")
    assert problems(image(itself, entrypoint=("/run.sh",))) == []


def test_python_needs_its_script() -> None:
    python = program("usr/bin/python3.11")
    config = {"entrypoint": ("python3.11", "serve.py"), "working_dir": "/app"}
    assert problems(image(python, **config)) == ["the script serve.py is not there"]
    assert problems(image(python, others={"app/serve.py": 10}, **config)) == []
    assert problems(image(python, entrypoint=("python3.11", "-m", "serve"))) == []
    assert problems(image(python, entrypoint=("python3.11", "-u", "/x.py"))) == ["the script /x.py is not there"]


def test_what_an_init_starts_must_be_there() -> None:
    init = program("sbin/tini")
    assert problems(image(init, entrypoint=("/sbin/tini", "-g", "--", "serve"))) == [
        "the program serve is in no folder of PATH"
    ]
    assert problems(image(init, SHELL, entrypoint=("/sbin/tini", "--"), command=("dash",))) == []


def test_an_image_for_windows_is_left_alone() -> None:
    found = image(entrypoint=("C:\\server.exe",), platform="windows/amd64")
    assert problems(found) == []


def test_the_loader_must_be_there() -> None:
    linked = program("server", elf(loader="/lib64/ld-linux-x86-64.so.2"))
    message = "the program /server needs the loader /lib64/ld-linux-x86-64.so.2, which is not there"
    assert problems(image(linked, entrypoint=("/server",))) == [message]
    assert problems(image(linked, program("lib64/ld-linux-x86-64.so.2"), entrypoint=("/server",))) == []


def test_what_volumes_bring_is_not_missing() -> None:
    assert problems(image(entrypoint=("/data/server",), volumes=("/data",))) == []


def test_nothing_is_missing_from_layers_that_were_not_read() -> None:
    whole = image(entrypoint=("/server",))
    assert problems(whole)
    assert not problems(replace(whole, layers=(replace(whole.layers[0], problem="truncated"),)))
    assert not problems(replace(whole, layers=(replace(whole.layers[0], entries=None),)))


def test_nothing_to_run() -> None:
    assert by_rule(image(), "no-command")
    assert not by_rule(image(SHELL, entrypoint=("dash",)), "no-command")


def test_hostile_names_are_cleaned() -> None:
    found = problems(image(entrypoint=("/x\x1b[2Jy",)))
    assert found == ["the program /x�[2Jy is not there"]


def architectures(*programs: tuple[Entry, bytes], platform: str = "linux/amd64") -> list[tuple[str, str]]:
    found = by_rule(replace(image(*programs), platform=platform), "wrong-architecture")
    return [(finding.severity, finding.message) for finding in found]


def test_architectures() -> None:
    amd, arm, narrow = elf(62), elf(183), elf(3, 32)
    assert architectures(program("a", amd), program("b", amd)) == []
    assert architectures(program("a", arm)) == [("high", "1 program or library is for arm64, not for amd64")]
    assert architectures(program("a", amd), program("b", amd), program("c", arm)) == [
        ("medium", "1 program or library is for arm64, not for amd64")
    ]
    assert architectures(program("a", amd), program("b", narrow)) == [
        ("low", "1 program or library for 32 bits in an image for amd64")
    ]
    assert architectures(program("a", arm), platform="linux/arm64/v8") == []
    assert architectures(program("a", arm), platform="") == []
    assert architectures(program("a.o", elf(183, kind=1))) == []


def test_a_deleted_program_is_no_concern() -> None:
    below = replace(layer({"a": file("a", 10)}), heads={"a": elf(183)})
    above = layer({"a": file("a", 20), "b": hard_link("b", "a")})
    assert not by_rule(image_of(below, above), "wrong-architecture")
