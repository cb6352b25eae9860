"""Modules that containers compile anew at every start, since no bytecode that Python would take is kept.

Source: PEP 552 and importlib's _bootstrap_external.py: a header of 16 bytes, magic number, flags, then time and size or a hash.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from struct import unpack
from typing import Final

from inspector.analysis.image.slim.keeping import Scene
from inspector.analysis.image.slim.python_rules import library_version, version_of
from inspector.records.file_system import Placed
from inspector.records.image_inspection import ImageInspection
from inspector.records.slimming import Observation

HEADER_BYTES: Final = 16

_PROGRAM: Final = re.compile(r"(?:.*/)?python(?:3|(3\.\d+))?t?")
_IS_HASHED: Final = 1
_BITS: Final = 0xFFFFFFFF


def sources_without_bytecode(
    inspection: ImageInspection,
    kept: Collection[str],
    observation: Observation,
    contents: Mapping[str, bytes] | None = None,
) -> tuple[str, tuple[str, ...]]:
    """Return the path of the Python that ran, and the modules that it opened and of which no bytecode that it takes is kept.

    Of several Pythons it is the one with the most such modules; both are empty where none was executed. Whether bytecode is
    taken is told from its header, as far as contents has that (see contents_wanted()); without, having it is enough. A
    script that the container's command names is left out: Python takes no bytecode of what it is told to run.
    """
    scene = Scene(inspection, {}, contents or {})
    programs = sorted(path for path in observation.executed if path in scene.entries and _PROGRAM.fullmatch(path))
    versions = {program: _version(scene, program) for program in programs}
    if not any(versions.values()):
        return "", ()
    scripts = set(_scripts(scene))
    opened = [path for path in sorted(observation.opened) if path.endswith(".py") and path in kept and path not in scripts]
    by_version: dict[str, list[str]] = {version: [] for version in versions.values() if version}
    usual = Counter(version for path in opened if (version := library_version(path)) in by_version).most_common(1)
    for path in opened:
        version = library_version(path) or (usual[0][0] if usual else next(iter(by_version)))
        if version in by_version and not any(_taken(scene, path, kept, version)):
            by_version[version].append(path)
    best = max(by_version, key=lambda version: len(by_version[version]))
    return next(program for program in programs if versions[program] == best), tuple(by_version[best])


def _scripts(scene: Scene) -> Iterator[str]:
    """Yield the files that the container's command names."""
    config = scene.config
    for word in (*config.entrypoint, *config.command):
        yield scene.real(word if word.startswith("/") else f"{config.working_dir}/{word}")


def _version(scene: Scene, program: str) -> str:
    """Return the version of a Python, such as "3.11", from its name or from the library beside it."""
    named = _PROGRAM.fullmatch(program)
    if named is not None and named[1]:
        return named[1]
    home = program.rpartition("/")[0].rpartition("/")[0]
    library = f"{home}/lib" if home else "lib"
    found = (path for path in scene.children.get(library, ()) if f"{path}/os.py" in scene.entries)
    return next((version for path in found if (version := library_version(f"{path}/os.py"))), "")


def _taken(scene: Scene, path: str, kept: Collection[str], version: str) -> Iterator[bool]:
    """Yield for each kept bytecode of a module whether a Python without -O takes it."""
    for bytecode in scene.bytecode.get(path, ()):
        if bytecode in kept and version_of(bytecode) == version and ".opt-" not in bytecode:
            yield _fits(scene.head(bytecode)[:HEADER_BYTES], scene.entries[path])


def _fits(header: bytes, source: Placed) -> bool:
    """Tell whether bytecode with this header is taken for a source; where the header is not known, that it is."""
    if len(header) < HEADER_BYTES:
        return True
    flags, mtime, size = unpack("<III", header[4:])
    if flags & _IS_HASHED:
        return True
    return bool(flags == 0 and mtime == source.entry.mtime & _BITS and size == source.size & _BITS)
