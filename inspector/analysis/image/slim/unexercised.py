"""What of the application no exercise reached: a proof says nothing about it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from inspector.analysis.image.packages_text import plain
from inspector.analysis.image.slim.commands import Named, first_command, health_command
from inspector.analysis.image.slim.owners import final_of, folders_above, is_bytecode, source_of
from inspector.analysis.image.slim.parts import parts_of
from inspector.analysis.image.stored import Stored
from inspector.analysis.image.weights_twice import is_weights
from inspector.records.image_inspection import ImageInspection
from inspector.records.serving import Observation
from inspector.records.slimming import SlimRequest, Unexercised

_MOST_EACH: Final = 40
_CODE: Final = (".py", ".js", ".mjs", ".cjs", ".ts", ".sh", ".so", ".rb", ".pl", ".lua", ".jar", ".php", ".r", ".R", ".jl")
_BESIDE_THE_POINT: Final = re.compile(
    r"(?:^|/)(?:tests?|testing|docs?|examples?|benchmarks?|notebooks?|__tests__|\.git|\.github|node_modules)/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest|setup)\.py$|\.(?:test|spec)\.[mc]?[jt]s$"
    r"|(?:^|/)lib(?:64)?/python\d[\d.]*/(?!site-packages/|dist-packages/)"
)
"""Tests and documentation, which nobody serves, and Python's own library, wherever it was put."""
_LIBRARY: Final = re.compile(r"\.so(?:\.\d+)*$")
_PORT: Final = re.compile(r":(\d{1,5})(?!\d)")
_LONGEST: Final = 1024
_LEAST_WEIGHTS: Final = 1 << 20
_PROGRAMS: Final = (b"\x7fELF", b"#!")


def unexercised(
    inspection: ImageInspection, observation: Observation, request: SlimRequest, asked_ports: Collection[int] = ()
) -> tuple[Unexercised, ...]:
    """Return what no exercise reached, the most telling sort first, of each sort the largest 40.

    Health check, ports, models that were never opened, programs in the application's folders that were never executed, and
    its code that was never opened, whether as source or as bytecode; tests and documentation left out. asked_ports are those
    that request files name; where they are not given, such a file is taken to ask the one port there is. Linear in files.
    """
    seen = _Seen(inspection, observation)
    found = (
        _health_check(inspection, seen),
        _ports(inspection, request, asked_ports),
        _largest("model", seen.models()),
        _largest("program", seen.programs()),
        _largest("code", seen.code()),
    )
    return tuple(one for some in found for one in some)


def _largest(what: str, found: Iterable[tuple[str, int]]) -> list[Unexercised]:
    ordered = sorted(found, key=lambda one: (-one[1], one[0]))[:_MOST_EACH]
    return [Unexercised(what, f"/{path}", size) for path, size in ordered]  # type: ignore[arg-type]


class _Seen:
    """The application's files, and what containers did with them."""

    def __init__(self, inspection: ImageInspection, observation: Observation) -> None:
        self._inspection = inspection
        self._final = final_of(inspection)
        self._parts = parts_of(inspection)
        self._stored = Stored(inspection.image.layers, self._final)
        self._opened = self._with_other_names(observation.opened | observation.executed)
        self.executed = self._with_other_names(observation.executed)
        self._loaded = {source_of(path) for path in self._opened if is_bytecode(path)}

    def _with_other_names(self, paths: frozenset[str]) -> frozenset[str]:
        linked = self._final.linked_files
        entries = self._final.entries
        contents = {id(entries[path].content) for path in paths if path in entries} if linked else set()
        return paths.union(*(linked[content] for content in contents if content in linked))

    def code(self) -> Iterator[tuple[str, int]]:
        """Yield the application's code that was never opened."""
        for path in self._of_application():
            if path.endswith(_CODE) and path not in self._opened and path not in self._loaded:
                yield path, self._final.entries[path].size

    def programs(self) -> Iterator[tuple[str, int]]:
        """Yield the application's programs that were never executed; scripts count as such where something opened them."""
        for path in self._of_application():
            placed = self._final.entries[path]
            if not placed.entry.mode & 0o111 or path.endswith(_CODE) or path in self.executed or _LIBRARY.search(path):
                continue
            head = self._stored.head_of(placed)
            if head.startswith(_PROGRAMS) and not (head.startswith(b"#!") and path in self._opened):
                yield path, placed.size

    def _of_application(self) -> Iterator[str]:
        for path, part in self._parts.items():
            placed = self._final.entries[path]
            is_its_file = part == "code" and placed.content.kind == "file" and placed.size
            if is_its_file and len(path) <= _LONGEST and not _BESIDE_THE_POINT.search(path):
                yield path

    def models(self) -> Iterator[tuple[str, int]]:
        """Yield the models that were never opened, and other large files of weights."""
        saved = {model.path: model.bytes for model in self._inspection.models if model.format == "saved_model"}
        used = {folder for path in self._opened for folder in folders_above(path)} if saved else set()
        yield from ((path, size) for path, size in saved.items() if path not in used and self._is_weights_folder(path))
        graphs = {model.path for model in self._inspection.models}
        for path, part in self._parts.items():
            placed = self._final.entries[path]
            if part != "weights" or placed.content.kind != "file" or path in self._opened:
                continue
            is_large = placed.size >= _LEAST_WEIGHTS and is_weights(path)
            if (path in graphs or is_large) and saved.keys().isdisjoint(folders_above(path)):
                yield path, placed.size

    def _is_weights_folder(self, folder: str) -> bool:
        places = (f"{folder}/{name}" if folder else name for name in ("saved_model.pb", "saved_model.pbtxt"))
        return any(self._parts.get(path) == "weights" for path in places)


def _ports(inspection: ImageInspection, request: SlimRequest, asked_ports: Collection[int]) -> Iterator[Unexercised]:
    exposed = [port for port in inspection.image.config.ports if not port.endswith(("/udp", "/sctp"))]
    asked = set(asked_ports)
    unknown = False
    for exercise in request.exercises:
        if exercise.kind == "contract":
            asked.add(_port_of(exercise.url))
        elif exercise.kind == "command":
            asked.update(int(found) for word in exercise.command for found in _PORT.findall(word))
        else:
            unknown = unknown or not asked_ports
    if unknown and len(exposed) == 1:
        return
    for port in exposed[:_MOST_EACH]:
        number = port.partition("/")[0]
        if not number.isdecimal() or int(number[:9]) not in asked:
            yield Unexercised("port", plain(port))


def _port_of(url: str) -> int:
    try:
        return urlsplit(url).port or 80
    except ValueError:
        return 0


def _health_check(inspection: ImageInspection, seen: _Seen) -> Iterator[Unexercised]:
    """Yield the health check where its program was not executed."""
    words = health_command(inspection.image.config)
    if not words:
        return
    named = Named(inspection)
    program = first_command(words)
    path = named.find(program) if program else None
    real = named.real(path) if path is not None else None
    shell = named.real(named.find(words[0]) or "") if real is None else None
    wanted = {one for one in (path, real, shell) if one is not None}
    if wanted.isdisjoint(seen.executed):
        test = words[2:] if words[0] == "/bin/sh" and words[1:2] == ("-c",) else words
        yield Unexercised("health check", plain(" ".join(test)))
