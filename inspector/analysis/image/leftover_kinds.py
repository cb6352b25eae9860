"""Which kinds of leftover a file is by where it lies and what it is called.

Rules are about folders, told once a folder, and about the ends of names. They rest on where package managers, compilers and
installers put things: apt, dnf, apk, pip, uv, conda, npm, the FHS, and Python's library layout.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from inspector.records.file_system import Placed
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
_LONGEST: Final = 1024
"""Characters of a folder above which nothing is told from its name: matching takes their square."""
_HEADER_PLACES: Final = re.compile(r"(?:.*/)?(?:include|site-packages|dist-packages)/")
_HEADERS: Final = (".h", ".hpp", ".hh", ".hxx", ".h++", ".cuh", ".inl", ".ipp", ".tcc")
_BYTECODE: Final = (".pyc", ".pyo")
_ARCHIVES: Final = (".a", ".la")
_TELLING: Final = (*_BYTECODE, *_ARCHIVES, *_HEADERS)
_BIN: Final = re.compile(r"(?:.*/)?s?bin/")
_TOOL: Final = re.compile(
    r"(?:(?:x86_64|aarch64|arm|i686|riscv64|powerpc64le|s390x)-[\w-]*linux-(?:gnu|musl)\w*-)?"
    r"(?:gcc|g\+\+|c\+\+|cc|cpp|gfortran|clang|clang\+\+|gcc-ar|gcc-nm|gcc-ranlib|gcov|gcov-tool|gcov-dump|lto-dump"
    r"|ld|ld\.bfd|ld\.gold|ld\.lld|gold|as|ar|nm|ranlib|objdump|objcopy|readelf|strip|addr2line|gprof|dwp|gdb"
    r"|make|gmake|cmake|ctest|cpack|ninja|meson|bazel|autoconf|automake|m4|bison|flex|libtool|pkg-config|pkgconf"
    r"|nvcc|ptxas|cicc|fatbinary|cuobjdump|nvdisasm|nvlink|cudafe\+\+|cuda-gdb|compute-sanitizer"
    r"|git|svn|hg|cargo|rustc|rustup|go|gofmt|swig|patchelf)(?:-\d[\d.]*)?"
)


class KindTeller:
    """Tells the kinds of files one by one; what a folder is was told once."""

    def __init__(self, entries: Mapping[str, Placed]) -> None:
        """entries are those of the file system the files are in."""
        self._entries = entries
        self._folders: dict[str, tuple[tuple[LeftoverKind, ...], bool, bool]] = {}
        """By folder: its kinds, and whether headers and programs are told there by their names."""

    def kinds(self, path: str) -> Sequence[LeftoverKind]:
        """Return the kinds that the file at path is, none of them twice."""
        folder, slash, name = path.rpartition("/")
        of_folder, has_headers, has_programs = self._folders.get(folder) or self._learn(folder, folder + slash)
        extra: LeftoverKind | None = None
        if has_programs and _TOOL.fullmatch(name):
            extra = "build tools"
        elif name.endswith(_TELLING):
            extra = self._by_suffix(path, folder, name, has_headers)
        return of_folder if extra is None or extra in of_folder else (*of_folder, extra)

    def _learn(self, folder: str, with_slash: str) -> tuple[tuple[LeftoverKind, ...], bool, bool]:
        told = with_slash if len(with_slash) <= _LONGEST else ""
        kinds = tuple(kind for kind, pattern in _FOLDERS if pattern.match(told))
        self._folders[folder] = kinds, bool(_HEADER_PLACES.match(told)), bool(_BIN.match(told))
        return self._folders[folder]

    def _by_suffix(self, path: str, folder: str, name: str, has_headers: bool) -> LeftoverKind | None:
        if name.endswith(_BYTECODE):
            return "bytecode" if self._has_source(path, folder) else None
        if name.endswith(_ARCHIVES):
            return "static libraries" if name.startswith("lib") else None
        return "headers" if has_headers else None

    def _has_source(self, path: str, folder: str) -> bool:
        """Tell whether Python could make the bytecode anew; elsewhere than in __pycache__ it may be all there is."""
        return folder.endswith("__pycache__") or path[:-1] in self._entries
