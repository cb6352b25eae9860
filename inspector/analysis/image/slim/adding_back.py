"""What to put back into an image that failed its proof: what it names first, then what is likely to be missed unsaid."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from inspector.analysis.image.packages_text import plain
from inspector.analysis.image.slim.complaints import complaints, mentioned_paths
from inspector.analysis.image.slim.groups import sizes_of
from inspector.analysis.image.slim.missing import Missing, Named, environment_of
from inspector.analysis.image.slim.owners import PackageName, final_of, is_bytecode, ownership
from inspector.analysis.image.slim.parts import parts_of
from inspector.analysis.image.slim.patterns import paths_by_kind
from inspector.records.image_inspection import ImageInspection
from inspector.records.image_waste import LeftoverKind
from inspector.records.written_image import LayerPart

_Unit = tuple[PackageName, str]
"""A package where it is installed: the same one may be in several environments of Python."""

_MOST_NAMED: Final = 12
_MOST_MENTIONED: Final = 4
_MOST_SHOWN: Final = 50
_CODE: Final = (".py", ".so", ".js", ".mjs", ".cjs", ".rb", ".pl", ".pm", ".jar", ".class", ".lua", ".r", ".R", ".sh")
_NEITHER: Final = (".pyi", ".c", ".cc", ".cpp", ".pyx", ".pxd", ".cu", ".map", ".md", ".rst")
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
        self._rest: dict[_Unit, list[str]] = {}
        """What was dropped, by package."""
        for path in self._missing.paths:
            unit = self._unit_of(path)
            if unit is not None:
                self._rest.setdefault(unit, []).append(path)
        kept_units = (self._unit_of(path) for path in self._owners if path in kept)
        self._partial = {unit for unit in kept_units if unit is not None and unit in self._rest}
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
            name, paths = self._with_rest(named)
            yield self._one(name, paths, f"named in “{complaint.said.strip()}”")
            count += 1
            if count >= _MOST_NAMED:
                return

    def _unit_of(self, path: str) -> _Unit | None:
        owner = self._owners.get(path)
        if owner is None:
            return None
        return owner, environment_of(path) if owner.kind == "python" else ""

    def _with_rest(self, named: Named) -> tuple[str, Collection[str]]:
        """Return what the named paths belong to, with all of its paths that were dropped."""
        first = named.paths[0]
        units = [unit for path in named.paths if (unit := self._unit_of(path)) is not None]
        if named.is_whole or not units:
            beside = () if named.is_whole else self._missing.beside(first)
            return named.name or f"/{first}", {*named.paths, *beside}
        rest = [path for unit in dict.fromkeys(units) for path in self._rest.get(unit, ()) if self._is_worth(path, unit[0])]
        return _name_of(units[0]), {*named.paths, *rest}

    def _is_worth(self, path: str, owner: PackageName) -> bool:
        """Leave manuals and headers out of what comes back with a package; Python's may miss its tests."""
        return path not in self._leftovers or owner.kind == "python"

    def _mentioned(self) -> Iterator[AddBack]:
        """Yield the rest of packages whose kept files messages mention, as tracebacks do, innermost first."""
        found: dict[_Unit, None] = {}
        for path in mentioned_paths(self._messages):
            unit = self._unit_of(path)
            if unit is not None and unit in self._rest:
                found.setdefault(unit)
        for unit in list(found)[:_MOST_MENTIONED]:
            paths = [path for path in self._rest[unit] if path not in self._leftovers]
            yield self._one(_name_of(unit), paths, "its files are named where it failed")

    def _rest_of(self, kind: str, title: str) -> Iterator[AddBack]:
        """Yield data files, then code, of packages of one sort of which something is kept."""
        partial = sorted(unit for unit in self._partial if unit[0].kind == kind)
        rest = [path for unit in partial for path in self._rest[unit] if path not in self._leftovers]
        reason = "something of each of them is kept"
        data = f"{reason}; what they open by name is not seen before it is asked for"
        yield self._one(f"data files of {title}", filter(_is_data, rest), data)
        code = f"{reason}; modules may be loaded on certain requests only"
        yield self._one(f"code of {title}", filter(_is_code, rest), code)

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


def _name_of(unit: _Unit) -> str:
    owner, environment = unit
    return f"package {owner.name}" + (f" in /{environment}" if environment not in ("", "usr", "usr/local") else "")


def _is_code(path: str) -> bool:
    name = path.rpartition("/")[2]
    if is_bytecode(path) or path.endswith(_CODE) or ".so." in name:
        return True
    return "/bin/" in f"/{path}" or "/sbin/" in f"/{path}"


def _is_data(path: str) -> bool:
    return not _is_code(path) and not path.endswith(_NEITHER)
