"""What to put back into an image that failed its proof: what it names first, then what is likely to be missed unsaid."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from inspector.analysis.image.packages_text import plain
from inspector.analysis.image.slim.complaints import complaints, mentioned_paths
from inspector.analysis.image.slim.groups import sizes_of
from inspector.analysis.image.slim.missing import Missing, Named
from inspector.analysis.image.slim.owners import PackageName, final_of, is_bytecode, ownership
from inspector.analysis.image.slim.parts import parts_of
from inspector.analysis.image.slim.patterns import paths_by_kind
from inspector.records.image_inspection import ImageInspection
from inspector.records.image_waste import LeftoverKind
from inspector.records.slimming import LayerPart

_MOST_NAMED: Final = 12
_MOST_MENTIONED: Final = 4
_MOST_SHOWN: Final = 50
_CODE: Final = (".py", ".so", ".js", ".mjs", ".cjs", ".rb", ".pl", ".pm", ".jar", ".class", ".lua", ".r", ".R", ".sh")
_NEVER_DATA: Final = (".pyi", ".c", ".cc", ".cpp", ".pyx", ".pxd", ".cu", ".map", ".md", ".rst")
_IN_FAILING_ORDER: Final[Sequence[LeftoverKind]] = (
    "tests", "build tools", "locales", "CUDA without use", "CUDA twice", "weights twice", "headers", "docs", "static libraries",
    "package caches",
)  # fmt: skip
"""Kinds of leftovers, those that a program is likelier to miss first."""


@dataclass(frozen=True, slots=True)
class AddBack:
    """Something that goes together: what it is called, all of its paths that were dropped, their bytes, and why it."""

    name: str
    paths: tuple[str, ...]
    bytes: int
    reason: str


def candidates(inspection: ImageInspection, kept: Container[str], messages: Sequence[str]) -> tuple[AddBack, ...]:
    """Return what to add back, likeliest first, names unique; nothing of one lies wholly in another before it.

    kept are the paths of the image that failed, messages what it printed and answered. First what messages name, with the
    package or folder it belongs to; packages that lie on the way of a traceback; data files, then code, of Python packages of
    which something is kept; the application's own files; the same of the system's packages; leftovers by kind. Linear in
    files and in what is looked at of messages.
    """
    return tuple(_distinct(_Candidates(inspection, kept, messages).all(), final_of(inspection).entries))


def named_missing(inspection: ImageInspection, kept: Container[str], messages: Sequence[str]) -> tuple[str, ...]:
    """Return the dropped files that messages name, in the order they do, at most 50."""
    missing = Missing(inspection, kept)
    found = dict.fromkeys(path for one in complaints(messages) for path in missing.named(one).paths)
    return tuple(found)[:_MOST_SHOWN]


def _distinct(found: Iterable[AddBack], entries: Container[str]) -> Iterator[AddBack]:
    earlier: list[frozenset[str]] = []
    names: set[str] = set()
    for one in found:
        paths = frozenset(path for path in one.paths if path in entries)
        if paths and one.name not in names and not any(paths <= before for before in earlier):
            earlier.append(paths)
            names.add(one.name)
            yield one


class _Candidates:
    def __init__(self, inspection: ImageInspection, kept: Container[str], messages: Sequence[str]) -> None:
        self._inspection = inspection
        self._kept = kept
        self._messages = messages
        self._final = final_of(inspection)
        self._owners = ownership(inspection).of_path
        self._parts = parts_of(inspection)
        self._missing = Missing(inspection, kept)
        self._by_owner: dict[PackageName, list[str]] = {}
        for path in self._missing.paths:
            owner = self._owners.get(path)
            if owner is not None:
                self._by_owner.setdefault(owner, []).append(path)
        self._partial = {owner for path, owner in self._owners.items() if owner in self._by_owner and path in kept}
        self._leftovers = frozenset(
            path
            for kind, paths in paths_by_kind(inspection).items()
            if kind not in ("bytecode", "same content twice", "weights twice", "CUDA twice", "CUDA without use")
            for path in paths
        )

    def all(self) -> Iterator[AddBack]:
        """Yield everything that could be added back."""
        yield from self._named()
        yield from self._mentioned()
        yield from self._rest_of("python", "Python packages")
        own = [path for path in self._missing.paths if self._parts.get(path) in ("code", "weights")]
        yield self._one("the application's own files", own, "an application rarely brings what it does not use")
        yield from self._rest_of("debian", "Debian packages")
        yield from self._rest_of("alpine", "Alpine packages")
        yield from self._rest_by_part()
        kinds = paths_by_kind(self._inspection)
        for kind in _IN_FAILING_ORDER:
            paths = [path for path in kinds.get(kind, ()) if path not in self._kept]
            yield self._one(kind, paths, "leftovers are told by place and name, which may deceive")

    def _one(self, name: str, paths: Iterable[str], reason: str) -> AddBack:
        found = tuple(sorted(paths))
        return AddBack(plain(name), found, sizes_of(self._final, found), plain(reason))

    def _named(self) -> Iterator[AddBack]:
        """Yield what messages name, as whole as is likely to be needed."""
        count = 0
        for complaint in complaints(self._messages):
            named = self._missing.named(complaint)
            if not named.paths:
                continue
            name, paths = self._unit(named)
            yield self._one(name, paths, f"named in “{complaint.said.strip()}”")
            count += 1
            if count >= _MOST_NAMED:
                return

    def _unit(self, named: Named) -> tuple[str, Collection[str]]:
        """Return what the named paths belong to, with all of its paths that were dropped."""
        first = named.paths[0]
        owners = [owner for path in named.paths if (owner := self._owners.get(path)) is not None]
        if named.is_whole or not owners:
            beside = () if named.is_whole else self._missing.beside(first)
            return named.name or f"/{first}", {*named.paths, *beside}
        rest = [
            path for owner in dict.fromkeys(owners) for path in self._by_owner.get(owner, ()) if self._is_worth(path, owner)
        ]
        return f"package {owners[0].name}", {*named.paths, *rest}

    def _is_worth(self, path: str, owner: PackageName) -> bool:
        """Leave manuals and tests out of what comes back with a package."""
        return path not in self._leftovers or owner.kind == "python"

    def _mentioned(self) -> Iterator[AddBack]:
        """Yield the rest of packages whose kept files messages mention, as tracebacks do, innermost first."""
        found: dict[PackageName, None] = {}
        for path in mentioned_paths(self._messages):
            owner = self._owners.get(path)
            if owner is not None and owner in self._by_owner:
                found.setdefault(owner)
        for owner in list(found)[:_MOST_MENTIONED]:
            paths = [path for path in self._by_owner[owner] if path not in self._leftovers]
            yield self._one(f"package {owner.name}", paths, "its files are named where it failed")

    def _rest_of(self, kind: str, title: str) -> Iterator[AddBack]:
        """Yield data files, then code, of packages of one sort of which something is kept."""
        partial = [owner for owner in self._partial if owner.kind == kind]
        rest = [path for owner in sorted(partial) for path in self._by_owner[owner] if path not in self._leftovers]
        data = [path for path in rest if _is_data(path)]
        reason = "something of each of them is kept"
        yield self._one(f"data files of {title}", data, f"{reason}; what they open by name is not seen before it is asked for")
        code = [path for path in rest if path not in set(data)] if len(data) < len(rest) else []
        yield self._one(f"code of {title}", code, f"{reason}; modules may be loaded on certain requests only")

    def _rest_by_part(self) -> Iterator[AddBack]:
        """Yield what no package owns of the system and of what was installed."""
        parts: Mapping[LayerPart, str] = {"dependencies": "other installed files", "base": "other files of the system"}
        for part, name in parts.items():
            paths = [
                path
                for path in self._missing.paths
                if self._parts.get(path) == part and path not in self._owners and path not in self._leftovers
            ]
            yield self._one(name, paths, "no package owns them, so nothing tells what needs them")


def _is_data(path: str) -> bool:
    if is_bytecode(path) or path.endswith((*_CODE, *_NEVER_DATA)):
        return False
    name = path.rpartition("/")[2]
    return ".so." not in name and "/bin/" not in f"/{path}" and "/sbin/" not in f"/{path}"
