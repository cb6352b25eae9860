"""Which files are read while a layer is indexed: those that describe the system, first bytes of those whose kind matters."""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 64
PROGRAM_HEAD_BYTES: Final = 1024
"""Of ELF files: the name of the loader that a program asks for comes after its program headers."""

MOST_CONTENT: Final = 1 << 20
"""Bytes of one file that is kept whole."""

MOST_LISTING: Final = 16 << 20
"""Bytes of one listing: RECORD, the status of dpkg or the database of apk."""

MOST_SCRIPT: Final = 64 << 10
MOST_CONTENTS: Final = 64 << 20
"""Bytes of all whole contents of an image."""

MOST_HEADS: Final = 100_000
"""Heads of an image."""

_LARGE_FILE: Final = 1 << 20
_ELF: Final = b"\x7fELF"
_SECRET_SIZE: Final = 64 << 10
_LISTINGS: Final = frozenset({"var/lib/dpkg/status", "lib/apk/db/installed", "usr/lib/apk/db/installed"})
_FILES: Final = frozenset({"etc/passwd", "etc/group", "etc/os-release", "usr/lib/os-release"})
_WHEEL_FILES: Final = frozenset({"METADATA", "top_level.txt", "INSTALLER"})
_EGG_FILES: Final = frozenset({"PKG-INFO", "installed-files.txt", "SOURCES.txt", "top_level.txt"})
_SCRIPT_FOLDERS: Final = frozenset({"", "usr/local/bin", "usr/bin", "bin", "app", "opt", "docker-entrypoint.d"})
_HEAD_SUFFIXES: Final = frozenset(
    {"so", "onnx", "pb", "pbtxt", "h5", "tflite", "safetensors", "bin", "pt", "pth", "gguf", "ort"}
)
_ORDINARY: Final = frozenset(
    b"py pyc pyi h hpp hxx c cc cpp cu cuh rs go java pl pm rb js ts "
    b"html css map md rst tex gz xz png svg jpg gif mo po ttf woff2 cmake".split()
)
"""Suffixes of files that are neither read nor looked into, unless they are programs or large."""

_SECRET_SUFFIXES: Final = frozenset({"pem", "key", "p12", "pfx", "jks", "keystore", "ppk", "kdbx", "asc"})
_SECRET_NAMES: Final = frozenset(
    {
        *("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "identity"),
        *(".env", ".netrc", "_netrc", ".pgpass", ".npmrc", ".pypirc", ".dockercfg", ".git-credentials", ".htpasswd"),
        *("credentials", "secrets", "secret", "token", "kubeconfig", "shadow", "password"),
    }
)
_SECRET_STEMS: Final = frozenset({"credentials", "secrets", "secret", "service-account", "service_account", "client_secret"})
_SECRET_PATHS: Final = (
    ".docker/config.json",
    ".kube/config",
    ".aws/config",
    ".config/gcloud/application_default_credentials.json",
)


def wants(raw: bytes, size: int, mode: int) -> tuple[bool, bool]:
    """Return whether the whole content, and whether the first bytes, of a file are read while its layer is indexed."""
    if raw.rpartition(b".")[2] in _ORDINARY:
        return False, bool(size) and (mode & 0o111 != 0 or size >= _LARGE_FILE)
    path = raw.decode("utf-8", "surrogateescape")
    return is_content_wanted(path, size), is_head_wanted(path, size, mode)


def head_of(content: bytes) -> bytes:
    """Return the first bytes that are kept of a file."""
    return content[: PROGRAM_HEAD_BYTES if content[:4] == _ELF else HEAD_BYTES]


def is_content_wanted(path: str, size: int) -> bool:
    """Return whether the whole content of the file at a normalized path is read while its layer is indexed; size in bytes."""
    if size > MOST_LISTING:
        return False
    folder, _, name = path.rpartition("/")
    if path in _LISTINGS or (name == "RECORD" and folder.endswith(".dist-info")):
        return True
    if size > MOST_CONTENT:
        return False
    return path in _FILES or _describes_package(folder, name) or _is_script(folder, name, size)


def is_head_wanted(path: str, size: int, mode: int) -> bool:
    """Return whether the first bytes of the file are read while its layer is indexed; size in bytes, mode its permissions."""
    if not size:
        return False
    if mode & 0o111 or size >= _LARGE_FILE:
        return True
    name = path.rpartition("/")[2]
    stem, _, suffix = name.rpartition(".")
    return suffix in _HEAD_SUFFIXES or ".so." in name or (size <= _SECRET_SIZE and _looks_secret(path, name, stem, suffix))


def _describes_package(folder: str, name: str) -> bool:
    if folder.endswith(".dist-info"):
        return name in _WHEEL_FILES
    if folder.endswith((".egg-info", "EGG-INFO")):
        return name in _EGG_FILES
    if name.endswith((".pth", ".egg-info")) or name == "pyvenv.cfg":
        return True
    if folder == "var/lib/dpkg/info":
        return name.endswith(".list")
    return folder == "var/lib/dpkg/status.d"


def _is_script(folder: str, name: str, size: int) -> bool:
    if size > MOST_SCRIPT or folder not in _SCRIPT_FOLDERS:
        return False
    return name.endswith(".sh") or "entrypoint" in name


def _looks_secret(path: str, name: str, stem: str, suffix: str) -> bool:
    lowered = name.lower()
    if lowered in _SECRET_NAMES or suffix.lower() in _SECRET_SUFFIXES or stem.lower() in _SECRET_STEMS:
        return True
    return lowered.startswith(".env.") or path.endswith(_SECRET_PATHS)
