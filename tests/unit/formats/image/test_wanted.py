"""Which files are read while a layer is indexed."""

from __future__ import annotations

import pytest

from inspector.formats.image.wanted import is_content_wanted, is_head_wanted, wants

CONTENTS = [
    "var/lib/dpkg/status",
    "var/lib/dpkg/status.d/base-files",
    "var/lib/dpkg/info/libc6:amd64.list",
    "lib/apk/db/installed",
    "usr/lib/python3/dist-packages/a-1.0.dist-info/RECORD",
    "usr/lib/python3/dist-packages/a-1.0.dist-info/METADATA",
    "usr/lib/python3/dist-packages/a-1.0.dist-info/top_level.txt",
    "usr/lib/python3/dist-packages/a-1.0.dist-info/INSTALLER",
    "usr/lib/python3/dist-packages/b-1.0.egg-info/PKG-INFO",
    "usr/lib/python3/dist-packages/b-1.0.egg-info/SOURCES.txt",
    "usr/lib/python3/dist-packages/b-1.0.egg-info",
    "opt/venv/lib/python3.12/site-packages/distutils-precedence.pth",
    "opt/venv/pyvenv.cfg",
    "etc/passwd",
    "etc/group",
    "etc/os-release",
    "usr/lib/os-release",
    "entrypoint.sh",
    "usr/local/bin/docker-entrypoint.sh",
    "usr/local/bin/start.sh",
]
ORDINARY = [
    "etc/shadow.txt",
    "usr/lib/python3/os.py",
    "a.dist-info",
    "RECORD",
    "var/lib/dpkg/info/libc6.md5sums",
    "usr/share/scripts/x.sh",
    "home/etc/passwd",
    "usr/share/doc/x.html",
]
HEADS = [
    *("lib/libc.so.6", "a.so", "m/x.onnx", "m/saved_model.pb", "m/saved_model.pbtxt", "x.h5", "x.tflite", "x.safetensors"),
    *("pytorch_model.bin", "x.pt", "x.gguf", "root/.ssh/id_rsa", "etc/ssl/private/x.pem", "x.key", "app/.env", "app/.env.prod"),
    *("root/.aws/credentials", "root/.docker/config.json", "app/credentials.json", "root/.netrc", "X.PEM"),
]


@pytest.mark.parametrize("path", CONTENTS)
def test_files_that_describe_the_system_are_read_whole(path: str) -> None:
    assert is_content_wanted(path, 1000)
    assert wants(path.encode(), 1000, 0o644)[0]
    assert not is_content_wanted(path, 17 << 20)


@pytest.mark.parametrize("path", ORDINARY)
def test_other_files_are_not(path: str) -> None:
    assert not is_content_wanted(path, 1000)
    assert wants(path.encode(), 1000, 0o644) == (False, False)


def test_listings_may_be_larger_and_scripts_must_be_smaller() -> None:
    assert is_content_wanted("var/lib/dpkg/status", 16 << 20)
    assert is_content_wanted("x/a.dist-info/RECORD", 16 << 20)
    assert is_content_wanted("etc/passwd", 1 << 20)
    assert not is_content_wanted("etc/passwd", (1 << 20) + 1)
    assert not is_content_wanted("entrypoint.sh", (64 << 10) + 1)


@pytest.mark.parametrize("path", HEADS)
def test_first_bytes_of_files_whose_kind_is_told_from_them(path: str) -> None:
    assert is_head_wanted(path, 500, 0o600)
    assert wants(path.encode(), 500, 0o600)[1]
    assert not is_head_wanted(path, 0, 0o600)


def test_programs_and_large_files_have_their_first_bytes_read() -> None:
    for path in ("usr/bin/x", "app/run.py"):
        assert wants(path.encode(), 10, 0o755)[1]
        assert wants(path.encode(), 1 << 20, 0o644)[1]
        assert not wants(path.encode(), (1 << 20) - 1, 0o644)[1]
    assert not is_head_wanted("root/.ssh/id_rsa", 100_000, 0o600)
