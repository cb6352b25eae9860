"""Which files of an image are weights, code and dependencies: what somebody changes and builds anew."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Final

from inspector.analysis.image.weights_twice import is_weights
from inspector.records.file_system import FileSystem, Placed
from inspector.records.image import Image
from inspector.records.image_contents import InsideArtifact, Package, Packages, PullChange

_LEAST_WEIGHTS: Final = 1 << 20
_INSTALLERS: Final = frozenset({"pip", "setuptools", "wheel"})
"""Python packages that come with a base image."""
_INSTALLER_PARTS: Final = re.compile(
    r"(?:pip|setuptools|wheel|pkg_resources|_distutils_hack|distutils-precedence\.pth)(?:$|[/-])"
)
_SITE: Final = re.compile(r"(?:^|/)(?:site|dist)-packages(?:/|$)")
_DEPENDENCY_LISTS: Final = re.compile(
    r"(?:requirements.*\.(?:txt|in|lock)|constraints.*\.txt|(?:poetry|uv|pdm|conda-lock)\.(?:lock|ya?ml)|Pipfile(?:\.lock)?"
    r"|pyproject\.toml|environment\.ya?ml|package(?:-lock)?\.json|go\.(?:mod|sum)|Cargo\.(?:toml|lock))"
)
_SYSTEM_DATABASES: Final = frozenset({"var/lib/dpkg", "lib/apk/db", "usr/lib/apk/db"})
_SYSTEM_FOLDERS: Final = frozenset({"usr/lib", "usr/share", "lib"})
_PROGRAM_FOLDERS: Final = frozenset({"", "bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin"})
_DEEPEST: Final = 32
_FEW: Final = 4
_CODE: Final = (".py", ".sh", ".js")
_COPIES: Final = re.compile(r"(?:/bin/sh -c #\(nop\) )?\s*(?:COPY|ADD)\b")

Files = Mapping[str, Placed]
Content = Mapping[PullChange, Sequence[Placed]]


def sort_content(image: Image, final: FileSystem, packages: Packages, models: Sequence[InsideArtifact]) -> Content:
    """Return the files of each kind; no file is of two, most are of none: what the base image brought.

    Dependencies are what lies where Python packages are installed (installers that come with a base image left out) and lists
    of dependencies beside the code; where there are no Python packages, what layers put outside the working folder that
    changed the system's packages above the base. Weights are the models, what lies beside them unless there is code, and
    files of weights of 1 MiB or more. Code is the rest of the working folder, or of the folder the command is in; failing
    that, what was copied above all packages. Linear in files.
    """
    return _Sorter(image, final, packages, models).content()


class _Sorter:
    def __init__(self, image: Image, final: FileSystem, packages: Packages, models: Sequence[InsideArtifact]) -> None:
        self._image = image
        self._final = final.entries
        self._folders = final.files_by_folder
        self._python = [one for one in packages.packages if one.kind == "python" and one.name.lower() not in _INSTALLERS]
        self._sites = _sites(self._python)
        self._models = models
        self._code_folders = _code_folders(image, final)
        self._database_layers = _database_layers(final, self._folders)

    def content(self) -> Content:
        """Return the files of each kind."""
        dependencies: dict[str, Placed] = {}
        for files in self._dependencies():
            dependencies.update(files)
        others = {folder: files for folder, files in self._folders.items() if not _SITE.search(folder)}
        weights = {path: one for path, one in self._weights(others) if path not in dependencies}
        code = {path: one for path, one in self._code(others) if path not in dependencies and path not in weights}
        if not self._python:
            taken = weights.keys() | code.keys()
            dependencies.update((path, one) for path, one in self._system_dependencies(others) if path not in taken)
        sorted_files = (tuple(files.values()) for files in (weights, code, dependencies))
        return dict(zip(("weights", "code", "dependencies"), sorted_files, strict=True))

    def _dependencies(self) -> Iterator[Files]:
        for folder, files in self._folders.items():
            site = _above(folder, self._sites)
            if site is not None and len(folder) > len(site):
                if not _INSTALLER_PARTS.match(folder, len(site) + 1):
                    yield files
            elif site is not None:
                start = len(site) + 1
                yield {path: one for path, one in files.items() if not _INSTALLER_PARTS.match(path, start)}
            elif not folder or folder in self._code_folders:
                start = len(folder) + 1 if folder else 0
                yield {path: one for path, one in files.items() if _DEPENDENCY_LISTS.fullmatch(path, start)}

    def _weights(self, folders: Mapping[str, Files]) -> Iterator[tuple[str, Placed]]:
        """Yield the models with what lies beside them, or below them, unless there is code among it; and other weights."""
        own = {model.path if model.format == "saved_model" else posixpath.dirname(model.path) for model in self._models}
        own -= {above for folder, files in folders.items() if _holds_code(files) for above in _prefixes(folder)}
        own -= _PROGRAM_FOLDERS
        found = ((model.path, self._final.get(model.path)) for model in self._models)
        yield from ((path, one) for path, one in found if one is not None and one.content.kind == "file")
        for folder, files in folders.items():
            if _above(folder, own) is not None:
                yield from files.items()
            elif _above(folder, _SYSTEM_FOLDERS) is None:
                large = ((path, one) for path, one in files.items() if one.content.size >= _LEAST_WEIGHTS)
                yield from ((path, one) for path, one in large if is_weights(path))

    def _code(self, folders: Mapping[str, Files]) -> Sequence[tuple[str, Placed]]:
        own = [
            item
            for folder, files in folders.items()
            if _above(folder, self._code_folders) is not None
            for item in files.items()
        ]
        copies = frozenset() if own else self._last_copies()
        return own or [item for files in folders.values() for item in files.items() if item[1].content_layer in copies]

    def _last_copies(self) -> frozenset[int]:
        """Return the layers that were copied after the last package was installed."""
        installed = [package.layer for package in self._python if package.layer is not None]
        first = max((*installed, *self._database_layers), default=-1) + 1
        return frozenset(layer.index for layer in self._image.layers[first:] if _COPIES.match(layer.created_by))

    def _system_dependencies(self, folders: Mapping[str, Files]) -> Iterator[tuple[str, Placed]]:
        """Yield what instructions above the base image installed with the system's package manager."""
        installing = self._database_layers - {min(self._database_layers, default=-1)}
        if installing:
            for files in folders.values():
                yield from ((path, one) for path, one in files.items() if one.content_layer in installing)


def _database_layers(final: FileSystem, folders: Mapping[str, Files]) -> frozenset[int]:
    """Return the layers that wrote to the database of the system's packages, those overwritten since too."""
    files = [one for folder, held in folders.items() if _above(folder, _SYSTEM_DATABASES) is not None for one in held.values()]
    lost = [one.placed for one in final.lost or () if _above(one.placed.content.path, _SYSTEM_DATABASES) is not None]
    return frozenset(one.content_layer for one in (*files, *lost))


def _sites(python: Iterable[Package]) -> frozenset[str]:
    """Return the folders that Python packages are installed in."""
    folders = {posixpath.dirname(posixpath.dirname(package.place)) for package in python}
    return frozenset(folders - {""})


def _code_folders(image: Image, final: FileSystem) -> frozenset[str]:
    """Return the working folder, or the folders of the files that the command names."""
    working = posixpath.normpath(image.config.working_dir or "/").strip("/")
    if working not in _PROGRAM_FOLDERS:
        return frozenset({working})
    named = [part.lstrip("/") for part in (*image.config.entrypoint, *image.config.command) if part.startswith("/")]
    return frozenset({posixpath.dirname(path) for path in named if path in final.entries} - _PROGRAM_FOLDERS)


def _holds_code(files: Files) -> bool:
    return any(path.endswith(_CODE) for path in files)


def _above(path: str, folders: Set[str]) -> str | None:
    """Return one of the folders that a path lies in or is."""
    if len(folders) > _FEW:
        return next((prefix for prefix in _prefixes(path) if prefix in folders), None)
    for folder in folders:
        if path.startswith(folder) and path[len(folder) : len(folder) + 1] in ("", "/"):
            return folder
    return None


def _prefixes(folder: str) -> Iterator[str]:
    """Yield the folders that a folder lies in, down to itself where it lies no deeper than anybody would look."""
    end = folder.find("/")
    for _ in range(_DEEPEST):
        if end < 0:
            yield folder
            return
        yield folder[:end]
        end = folder.find("/", end + 1)
