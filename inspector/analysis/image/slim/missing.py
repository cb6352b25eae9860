"""Finds among dropped paths what programs say they miss."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from inspector.analysis.image.slim.commands import Named as NamedByStart
from inspector.analysis.image.slim.complaints import TOPICS, Complaint
from inspector.analysis.image.slim.links import Links
from inspector.analysis.image.slim.owners import final_of, normal_name, ownership
from inspector.analysis.image.slim.parts import SITE
from inspector.analysis.image.symlinks import inside_root
from inspector.records.image_inspection import ImageInspection

_MOST: Final = 20_000
_FEW: Final = 16
_LONGEST: Final = 4096
_ENVIRONMENT: Final = re.compile(r"((?:[^/]+/)*?[^/]+?)/(?:lib(?:64)?/python|bin/|share/|include/|(?:site|dist)-packages/)")
_SHARED_FOLDERS: Final = frozenset(
    ("", "bin", "sbin", "lib", "lib64", "etc", "usr", "usr/bin", "usr/sbin", "usr/lib", "usr/local/bin", "usr/local/lib",
     "usr/share", "usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib64", "opt", "var",
     "var/lib", "home", "root", "srv")
)  # fmt: skip
"""Folders in which files lie that have nothing to do with each other."""


@dataclass(frozen=True, slots=True)
class Named:
    """Dropped paths that something names; is_whole where they are all that is meant, called name."""

    paths: tuple[str, ...] = ()
    name: str = ""
    is_whole: bool = False


class Missing:
    """Dropped paths of an image, looked up by what messages call them."""

    def __init__(self, inspection: ImageInspection, kept: Container[str]) -> None:
        self._inspection = inspection
        self._entries = final_of(inspection).entries
        self._kept = kept
        self.paths = [path for path, one in self._entries.items() if one.entry.kind != "directory" and path not in kept]
        """All dropped paths but folders."""
        self._dropped = frozenset(self.paths)
        self._by_stem: dict[str, list[str]] | None = None
        self._by_folder: dict[str, list[str]] | None = None
        self._environments: frozenset[str] | None = None
        self._links = Links(self._entries)
        self._start = NamedByStart(inspection)

    def named(self, complaint: Complaint) -> Named:
        """Return the dropped paths that a complaint is about."""
        name = complaint.name
        match complaint.kind:
            case "module":
                return Named(tuple(self._module(name)))
            case "distribution":
                return Named(tuple(self._distribution(name)))
            case "library":
                return Named(tuple(self._called(name, (f"{name}.",))))
            case "program":
                return Named(tuple(self._program(name)))
            case "path":
                return self._path(name)
        return Named(tuple(self._topic(name)), name, True)

    def beside(self, path: str) -> Sequence[str]:
        """Return the dropped paths in and below the folder of a path, where these are likely to belong together."""
        folder = path.rpartition("/")[0]
        if folder in _SHARED_FOLDERS or SITE.fullmatch(folder[-13:]):
            return ()
        return self._below(folder)

    def _module(self, name: str) -> Iterator[str]:
        """Yield the files of a Python module, or Node's, or of the package that it would be in."""
        parts = name.strip("/").replace("/", ".").split(".") if "node_modules" not in name else []
        for length in range(len(parts), 0, -1):
            found = self._where_others_are_kept(list(self._module_files("/".join(parts[:length]))))
            if found:
                yield from found
                return
        yield from self._below_any(f"node_modules/{name}")

    def _module_files(self, place: str) -> Iterator[str]:
        """Yield the files that importing a module would load, where its first part is no submodule itself."""
        stem = place.rpartition("/")[2]
        for path in self._stems().get(stem, ())[:_MOST]:
            root, found, ending = f"/{path}".rpartition(f"/{place}.")
            if found and "/" not in ending and f"{root[1:]}/__init__.py" not in self._entries:
                yield path
        for path in self._stems().get("__init__", ()):
            root, found, ending = f"/{path}".rpartition(f"/{place}/__init__.")
            if found and ending in ("py", "pyc") and f"{root[1:]}/__init__.py" not in self._entries:
                yield path

    def _where_others_are_kept(self, paths: Sequence[str]) -> Sequence[str]:
        """Return those of the paths that lie in an environment of which something is kept, if any do."""
        if self._environments is None:
            self._environments = frozenset(environment_of(path) for path in self._entries if path in self._kept)
        used = [path for path in paths if environment_of(path) in self._environments]
        return used or paths

    def _distribution(self, name: str) -> Iterator[str]:
        wanted = normal_name(name)
        for path, owner in ownership(self._inspection).of_path.items():
            is_metadata = owner.kind == "python" and (".dist-info/" in path or ".egg-info" in path)
            if is_metadata and path in self._dropped and normal_name(owner.name) == wanted:
                yield path

    def _called(self, name: str, beginnings: tuple[str, ...] = ()) -> Iterator[str]:
        """Yield dropped paths of that file name, and of names that go on after it."""
        stem = name.partition(".")[0]
        for path in self._stems().get(stem, ())[:_MOST]:
            last = path.rpartition("/")[2]
            if last == name or last.startswith(beginnings):
                yield from self._with_links(path)

    def _program(self, name: str) -> Iterator[str]:
        if "/" in name:
            yield from self._with_links(self._start.absolute(name))
            return
        for path in self._stems().get(name.partition(".")[0], ())[:_MOST]:
            if path.rpartition("/")[2] == name and ("bin/" in path or self._entries[path].entry.mode & 0o111):
                yield from self._with_links(path)

    def _path(self, name: str) -> Named:
        if len(name) > _LONGEST:
            return Named()
        path = inside_root(name) if name.startswith("/") else self._start.absolute(name)
        found = tuple(self._with_links(path))
        if found:
            return Named(found)
        end = self._links.follow(path).end
        folder = (end,) if end and end in self._entries and end not in self._kept else ()
        below = self._below(end) if end and end not in _SHARED_FOLDERS else ()
        if folder or below:
            return Named((*folder, *below), f"/{end}", True)
        if name.startswith("/"):
            return Named()
        if "." not in name:
            return Named(tuple(self._program(name)) if "/" not in name else ())
        same = [
            one for one in self._stems().get(name.rpartition("/")[2].partition(".")[0], ()) if f"/{one}".endswith(f"/{name}")
        ]
        return Named(tuple(same[:_FEW]))

    def _topic(self, name: str) -> Iterator[str]:
        topic = next((one for one in TOPICS if one.name == name), None)
        if topic is not None:
            yield from (path for path in self.paths if len(path) <= _LONGEST and topic.paths.fullmatch(path))

    def _with_links(self, path: str) -> Iterator[str]:
        """Yield what was dropped of a path, the symlinks on its way, and what it leads to."""
        trail = self._links.follow(path)
        for one in dict.fromkeys((path, *trail.passed, trail.end)):
            if one is not None and one in self._dropped:
                yield one

    def _below(self, folder: str) -> Sequence[str]:
        if self._by_folder is None:
            self._by_folder = _by_folder(self.paths)
        inner = f"{folder}/"
        return [path for one, paths in self._by_folder.items() if one == folder or one.startswith(inner) for path in paths]

    def _below_any(self, ending: str) -> Iterator[str]:
        if self._by_folder is None:
            self._by_folder = _by_folder(self.paths)
        for folder, paths in self._by_folder.items():
            if f"/{ending}/" in f"/{folder}/":
                yield from paths

    def _stems(self) -> dict[str, list[str]]:
        """Return the dropped paths by what comes before the first dot of their file names."""
        if self._by_stem is None:
            self._by_stem = {}
            for path in self.paths:
                self._by_stem.setdefault(path.rpartition("/")[2].partition(".")[0], []).append(path)
        return self._by_stem


def environment_of(path: str) -> str:
    """Return the folder that Python and its packages are installed below, such as opt/venv; empty where none is told."""
    found = _ENVIRONMENT.match(path) if len(path) <= _LONGEST else None
    return found.group(1) if found else ""


def _by_folder(paths: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(path.rpartition("/")[0], []).append(path)
    return found
