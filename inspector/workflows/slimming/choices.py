"""What each level would write: which paths, and what a reader should know of those that go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from inspector.records.event import Started, Steps

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.image_contents import ElfNeeds
    from inspector.records.image_inspection import ImageInspection
    from inspector.records.serving import Observation
    from inspector.records.slimming import KeepReason, KeptShare, Risk, SlimGroup, SlimLevel, SlimRequest, Unexercised
    from inspector.records.written_image import AddedFile
    from inspector.workflows.slimming.grounds import Grounds


@dataclass(frozen=True, slots=True)
class Choice:
    """Which paths a level keeps (None: all), what it adds, and what is to be said of it."""

    level: SlimLevel
    kept: Collection[str] | None
    added: tuple[AddedFile, ...] = ()
    linked: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[SlimGroup, ...] = ()
    shares: tuple[KeptShare, ...] = ()
    unexercised: tuple[Unexercised, ...] = ()
    bytecode: str = ""
    risk: Risk = "none"
    warnings: tuple[str, ...] = ()
    nothing_to_do: str = ""
    """Why it would change nothing; empty where it would."""
    grown: Callable[[frozenset[str]], Choice] | None = None
    """Gives the same choice with more paths kept; None where it keeps all there are."""


def flatten(source: ImageInspection) -> Choice:
    """Return the whole final file system."""
    waste = source.waste
    idle = "there is no waste: every byte that is shipped is in the final file system"
    return Choice("flatten", None, nothing_to_do=idle if waste is not None and not waste.reclaimable_bytes else "")


def clean(source: ImageInspection, request: SlimRequest) -> Choice:
    """Return the final file system without leftovers, as far as the request lets them go."""
    from inspector.analysis.image.slim.clean import dropped_by_clean

    found = dropped_by_clean(source, request.keep, request.drop, commands_of(request))
    assert source.file_system is not None, "checked when the work began"
    kept = frozenset(path for path in source.file_system.entries if path not in found.dropped)
    waste = source.waste.reclaimable_bytes if source.waste is not None else 0
    is_idle = not found.dropped and not found.linked and (not waste or "flatten" in request.levels)
    idle = "there are no leftovers that may go" if is_idle else ""
    made = Choice(
        "clean",
        kept,
        linked=found.linked,
        groups=found.groups,
        bytecode=_kept_bytecode(source),
        risk=highest_risk(found.groups),
        nothing_to_do=idle,
    )
    return _growing(made, kept)


def _growing(choice: Choice, kept: frozenset[str]) -> Choice:
    """Return a choice that can be made to keep more."""
    return replace(choice, kept=kept, grown=lambda paths: _growing(choice, kept | paths))


def trace(grounds: Grounds, request: SlimRequest, cancel: CancelToken) -> Steps[Choice]:
    """Return what the original was seen to use, and what the rules say goes with it."""
    from inspector.analysis.image.slim.keep import contents_wanted
    from inspector.formats.image.elf_needs import read_elf_needs, read_first_bytes

    source, observation = grounds.source, grounds.observation
    assert observation is not None, "checked before"
    assert source.file_system is not None, "checked when the work began"
    yield Started("reading what libraries need")
    elf = yield from read_elf_needs(source.image, source.file_system, None, cancel)
    wanted = contents_wanted(source, observation)
    contents = yield from read_first_bytes(source.image, source.file_system, wanted, cancel)
    rules = _Rules(grounds, request, observation, elf, contents)
    added = yield from rules.bytecode(cancel)
    return replace(rules, added=added).choice(frozenset())


@dataclass(frozen=True, slots=True)
class _Rules:
    """All that decides what trace keeps."""

    grounds: Grounds
    request: SlimRequest
    observation: Observation
    elf: Mapping[str, ElfNeeds]
    contents: Mapping[str, bytes]
    added: tuple[AddedFile, ...] = ()

    def kept(self, added_back: Collection[str]) -> Mapping[str, KeepReason]:
        """Return what stays, with reasons."""
        from inspector.analysis.image.slim.keep import kept_by_trace
        from inspector.analysis.image.slim.patterns import Patterns

        source = self.grounds.source
        patterns = Patterns.parse(source, self.request.keep, self.request.drop)
        kept = kept_by_trace(source, self.observation, self.elf, patterns.keeps, self.contents, added_back)
        return {path: reason for path, reason in kept.items() if reason == "asked for" or not patterns.drops(path)}

    def bytecode(self, cancel: CancelToken) -> Steps[tuple[AddedFile, ...]]:
        """Return bytecode for the modules that have none, made by the image's own Python."""
        from inspector.analysis.image.slim.keep import sources_without_bytecode

        server = self.grounds.server
        kept = self.kept(())
        interpreter, sources = sources_without_bytecode(self.grounds.source, kept, self.observation, self.contents)
        if not interpreter or not sources or server is None:
            return ()
        yield Started(f"making bytecode of {len(sources):,} modules")
        return (yield from server.bytecode(interpreter, sources, cancel))

    def choice(self, added_back: frozenset[str]) -> Choice:
        """Return what is written, some paths having been added back, and what there is to say of it."""
        from inspector.analysis.image.slim.groups import groups_of, kept_shares
        from inspector.analysis.image.slim.unexercised import unexercised

        source = self.grounds.source
        kept = self.kept(added_back)
        return Choice(
            "trace",
            kept.keys(),
            self.added,
            groups=groups_of(source, kept),
            shares=kept_shares(source, kept),
            unexercised=unexercised(source, self.observation, self.request, _asked_ports(self.request)),
            bytecode=_bytecode_text(source, kept, self.added),
            risk="high",
            grown=lambda paths: self.choice(added_back | paths),
        )


def commands_of(request: SlimRequest) -> tuple[tuple[str, ...], ...]:
    """Return what containers are made to run besides what the image says."""
    exercised = (exercise.command for exercise in request.exercises if exercise.kind == "command")
    return tuple(command for command in (request.start.command, *exercised) if command)


def _asked_ports(request: SlimRequest) -> frozenset[int]:
    """Return the ports that files of requests name."""
    from inspector.runtimes.container.exercises import requests_of

    files = (exercise for exercise in request.exercises if exercise.kind == "http")
    return frozenset(one.url.port for exercise in files for one in requests_of(exercise))


def highest_risk(groups: Collection[SlimGroup]) -> Risk:
    """Return the risk of dropping what groups drop."""
    order: tuple[Risk, ...] = ("none", "low", "medium", "high")
    return max((group.risk for group in groups if group.dropped_bytes), key=order.index, default="none")


def _kept_bytecode(source: ImageInspection) -> str:
    kinds = source.leftovers.by_kind if source.leftovers is not None else ()
    found = next((kind for kind in kinds if kind.kind == "bytecode"), None)
    return _text(found.bytes, found.files, 0, 0) if found is not None else ""


def _bytecode_text(source: ImageInspection, kept: Mapping[str, KeepReason], added: Collection[AddedFile]) -> str:
    assert source.file_system is not None, "checked when the work began"
    entries = source.file_system.entries
    new = {one.path for one in added}
    sizes = [entries[path].size for path in kept if path.endswith(".pyc") and path in entries and path not in new]
    return _text(sum(sizes), len(sizes), sum(len(one.content) for one in added), len(added))


def _text(kept_bytes: int, kept_files: int, added_bytes: int, added_files: int) -> str:
    """Return the conflict between size and start in a sentence; empty where there is none."""
    from inspector.report.figures import bytes_text, plural

    parts = []
    if kept_files:
        parts.append(f"{plural(kept_files, 'file')} of bytecode kept ({bytes_text(kept_bytes)})")
    if added_files:
        parts.append(f"{plural(added_files, 'file')} made anew, since Python took none ({bytes_text(added_bytes)})")
    return f"{', '.join(parts)}: without it the image would be smaller, and every start slower" if parts else ""
