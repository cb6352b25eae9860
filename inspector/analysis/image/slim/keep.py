"""What trace keeps of an image: what containers were seen to open, and by rule what goes with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from inspector.analysis.image.slim.bytecode_validity import HEAD_BYTES
from inspector.analysis.image.slim.keeping import Keeping, Scene
from inspector.analysis.image.slim.libraries import Libraries, settings_of_loaders
from inspector.analysis.image.slim.link_rules import LinkRules
from inspector.analysis.image.slim.owners import final_of
from inspector.analysis.image.slim.package_rules import PackageRules
from inspector.analysis.image.slim.python_rules import PythonRules
from inspector.analysis.image.slim.start_up import StartUp
from inspector.analysis.image.slim.system_rules import SystemRules
from inspector.analysis.image.slim.uncompiled import sources_without_bytecode
from inspector.records.image_contents import ElfNeeds
from inspector.records.image_inspection import ImageInspection
from inspector.records.serving import Observation
from inspector.records.slimming import KeepReason

__all__ = ["contents_wanted", "kept_by_trace", "sources_without_bytecode"]

_MOST_SETTINGS: Final = 64 << 10


def contents_wanted(inspection: ImageInspection, observation: Observation) -> Mapping[str, int]:
    """Return how many first bytes of which files the rules want to see beside those that layers keep.

    They are settings of loaders and of name services, and headers of bytecode whose source was opened.
    """
    entries = final_of(inspection).entries
    wanted = dict.fromkeys((*settings_of_loaders(entries), "etc/nsswitch.conf"), _MOST_SETTINGS)
    scene = Scene(inspection, {}, {})
    for path in observation.opened:
        wanted.update(dict.fromkeys(scene.bytecode.get(path, ()), HEAD_BYTES))
    return {path: most for path, most in sorted(wanted.items()) if path in entries}


def kept_by_trace(
    inspection: ImageInspection,
    observation: Observation,
    elf: Mapping[str, ElfNeeds],
    keep: Callable[[str], bool] | None = None,
    contents: Mapping[str, bytes] | None = None,
    added_back: Collection[str] = (),
) -> Mapping[str, KeepReason]:
    """Return every path that stays, with the first reason for it; paths are those of the final file system.

    elf is what ELF files need, of all there are; keep tells what was asked for by path; contents are those that
    contents_wanted() names, which the rules do without where they are missing: loaders then look into the usual folders.
    More observed never keeps less. Raises ValueError where the layers were not indexed.
    """
    keeping = Keeping(Scene(inspection, elf, contents or {}))
    start_up = StartUp(keeping)
    _keep_observed(keeping, observation)
    _keep_asked_for(keeping, start_up, keep, added_back)
    for path in sorted(observation.executed):
        start_up.keep_interpreters(path)
    start_up.keep_commands()
    system, packages = SystemRules(keeping), PackageRules(keeping)
    system.keep_all()
    packages.keep_databases()
    rules = (LinkRules(keeping), Libraries(keeping), PythonRules(keeping), packages, system)
    keeping.settle([rule.apply for rule in rules])
    return dict(sorted(keeping.kept.items()))


def _keep_observed(keeping: Keeping, observation: Observation) -> None:
    for path in sorted(observation.executed):
        keeping.keep(path, "executed")
    for path in sorted(observation.opened - observation.listed):
        keeping.keep(path, "opened")
    for path in sorted(observation.listed):
        keeping.keep(path, "listed")


def _keep_asked_for(
    keeping: Keeping, start_up: StartUp, keep: Callable[[str], bool] | None, added_back: Collection[str]
) -> None:
    """Keep what somebody wants kept, what it is a link to, and what runs it."""
    wanted: list[tuple[str, KeepReason]] = [(path, "added back") for path in sorted(added_back)]
    if keep is not None:
        wanted += [(path, "asked for") for path in sorted(keeping.scene.entries) if keep(path)]
    for path, reason in wanted:
        keeping.keep(path, reason)
        keeping.keep(keeping.scene.real(path), reason)
        start_up.keep_interpreters(keeping.scene.real(path))
