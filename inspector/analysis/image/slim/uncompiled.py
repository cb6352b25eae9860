"""Modules that containers compile anew at every start, since no bytecode that Python would take is kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from inspector.analysis.image.slim.bytecode_validity import HEAD_BYTES, takes_bytecode
from inspector.analysis.image.slim.keeping import Scene
from inspector.analysis.image.slim.python_rules import library_version, version_of
from inspector.records.image_inspection import ImageInspection
from inspector.records.serving import Observation

_PROGRAM: Final = re.compile(r"(?:.*/)?python(?:3|(3\.\d+))?t?")


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
            source, head = scene.entries[path], scene.head(bytecode)
            yield not head or takes_bytecode(head[:HEAD_BYTES], source.content.mtime, source.size)
