"""Which kinds of leftover a file is by where it lies and what it is called.

Rules are about folders, told once a folder, and about the ends of names. They rest on where package managers, compilers and
installers put things: apt, dnf, apk, pip, uv, conda, npm, the FHS, and Python's library layout.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterator
from typing import Final

from inspector.records.image_waste import LeftoverKind

_TOOL_CACHES = (
    "pip|uv|pypoetry|pipenv|pdm|hatch|virtualenv|conda|mamba|rattler|yarn|pnpm|npm|node-gyp|go-build|pre-commit|bazel|ccache"
)
_CONDAS = "conda|anaconda[23]?|miniconda[23]?|mambaforge|miniforge3?|micromamba|mamba"

_FOLDERS: Final[tuple[tuple[LeftoverKind, re.Pattern[str]], ...]] = (
    (
        "package caches",
        re.compile(
            rf"var/cache/(?:apt|apk|dnf|yum|zypp|pacman/pkg)/|var/lib/apt/lists/|etc/apk/cache/"
            rf"|(?:root|home/[^/]+)/\.(?:npm/_[^/]+/|conda/pkgs/|cargo/registry/|m2/repository/|gradle/caches/)"
            rf"|(?:.*/)?\.cache/(?:{_TOOL_CACHES})/|(?:.*/)?(?:{_CONDAS})/pkgs/"
        ),
    ),
    (
        "tests",
        re.compile(
            r"(?:.*/)?(?:site|dist)-packages/(?:.*/)?tests?/|(?:usr/|usr/local/|opt/[^/]+/)?lib/python\d[\d.]*/(?:.*/)?(?:tests?|idle_test)/"
            r"|(?:.*/)?node_modules/(?:.*/)?(?:tests?|__tests__)/"
        ),
    ),
    ("headers", re.compile(r"usr/(?:local/)?include/")),
    (
        "build tools",
        re.compile(r"usr/lib(?:exec)?/gcc(?:-cross)?/|usr/local/go/|usr/lib/git-core/|(?:root|home/[^/]+)/\.rustup/"),
    ),
    ("docs", re.compile(r"(?:.*/)?share/(?:doc|man|info|gtk-doc|doc-base|lintian)/|usr/(?:local/)?man/")),
    (
        "locales",
        re.compile(
            r"(?:.*/)?share/locale/|usr/(?:local/)?share/i18n/|usr/lib/locale/(?!C\.)"
            r"|(?:usr/|(?:.*/)?(?:site|dist)-packages/)(?:.*/)?LC_MESSAGES/"
        ),
    ),
)
_FOLDER_NAMES: Final = frozenset(
    ("cache", ".cache", "lists", "pkgs", ".npm", ".conda", ".cargo", ".m2", ".gradle", "test", "tests", "idle_test",
     "__tests__", "include", "gcc", "gcc-cross", "go", "git-core", ".rustup", "share", "man", "locale", "LC_MESSAGES")
)  # fmt: skip
"""Of these, one at least is in every path above; asking for them first is quick."""
_LONGEST: Final = 1024
"""Characters of a folder above which nothing is told from its name: matching takes their square."""
_HEADER_PLACES: Final = frozenset(("include", "site-packages", "dist-packages"))
_HEADERS: Final = (".h", ".hpp", ".hh", ".hxx", ".h++", ".cuh", ".inl", ".ipp", ".tcc")
_BYTECODE: Final = (".pyc", ".pyo")
_ARCHIVES: Final = (".a", ".la")
_TELLING: Final = (*_BYTECODE, *_ARCHIVES, *_HEADERS)
_BIN: Final = frozenset(("bin", "sbin"))
_TOOL: Final = re.compile(
    r"(?:(?:x86_64|aarch64|arm|i686|riscv64|powerpc64le|s390x)-[\w-]*linux-(?:gnu|musl)\w*-)?"
    r"(?:gcc|g\+\+|c\+\+|cc|cpp|gfortran|clang|clang\+\+|gcc-ar|gcc-nm|gcc-ranlib|gcov|gcov-tool|gcov-dump|lto-dump"
    r"|ld|ld\.bfd|ld\.gold|ld\.lld|gold|as|ar|nm|ranlib|objdump|objcopy|readelf|strip|addr2line|gprof|dwp|gdb"
    r"|make|gmake|cmake|ctest|cpack|ninja|meson|bazel|autoconf|automake|m4|bison|flex|libtool|pkg-config|pkgconf"
    r"|nvcc|ptxas|cicc|fatbinary|cuobjdump|nvdisasm|nvlink|cudafe\+\+|cuda-gdb|compute-sanitizer"
    r"|git|svn|hg|cargo|rustc|rustup|go|gofmt|swig|patchelf)(?:-\d[\d.]*)?"
)


def kinds_in(folder: str, paths: Collection[str], entries: Container[str]) -> Iterator[tuple[LeftoverKind, Collection[str]]]:
    """Yield the kinds that files of one folder are, with the paths of those that are; one file may be of several kinds.

    entries are all paths of the file system.
    """
    parts = frozenset(folder.split("/") if folder and len(folder) < _LONGEST else ())
    if not parts.isdisjoint(_FOLDER_NAMES):
        yield from ((kind, paths) for kind, pattern in _FOLDERS if pattern.match(f"{folder}/"))
    start = len(folder) + 1 if folder else 0
    if not parts.isdisjoint(_BIN):
        yield "build tools", [path for path in paths if _TOOL.fullmatch(path, start)]
    telling = [path for path in paths if path.endswith(_TELLING)]
    if telling:
        yield "bytecode", [path for path in telling if path.endswith(_BYTECODE) and _has_source(path, folder, entries)]
        yield "static libraries", [path for path in telling if path.endswith(_ARCHIVES) and path.startswith("lib", start)]
        if not parts.isdisjoint(_HEADER_PLACES):
            yield "headers", [path for path in telling if path.endswith(_HEADERS)]


def _has_source(path: str, folder: str, entries: Container[str]) -> bool:
    """Tell whether Python could make the bytecode anew; elsewhere than in __pycache__ it may be all there is."""
    return folder.endswith("__pycache__") or path[:-1] in entries
