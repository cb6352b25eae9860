"""Build tools that must stay, since what stays needs them: packages that others depend on, or that the start names.

Formats: deb-control(5), Depends and Provides; apk's installed database, D: and p:; Python's core metadata, Requires-Dist.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from inspector.analysis.image.alpine_packages import DATABASES
from inspector.analysis.image.build_tools import is_build_tool
from inspector.analysis.image.debian_packages import STATUS
from inspector.analysis.image.packages_text import decoded, fields, plain
from inspector.analysis.image.slim.commands import Named
from inspector.analysis.image.slim.owners import Ownership, PackageName, normal_name
from inspector.analysis.image.stored import Stored
from inspector.records.image_contents import PackageKind, Packages

_FOR_BUILDING: Final = re.compile(r".*-(?:multi)?dev(?:$|[-.\d]).*|.*-devtools")
"""Packages whose wishes do not count, since they are only there to build with."""
_REQUIREMENT: Final = re.compile(r"[A-Za-z0-9][\w.-]*")
_EXTRA: Final = re.compile(r";.*\bextra\s*==")
_HEADER: Final = 64 << 10


class _Needs(NamedTuple):
    """What one package asks for: of each group one package will do."""

    owner: PackageName
    groups: tuple[tuple[str, ...], ...]
    provides: tuple[str, ...] = ()


def tools_in_use(stored: Stored, packages: Packages, owned: Ownership, named: Named) -> frozenset[PackageName]:
    """Return the build tools that packages which stay depend on, directly or not, and those that the start names."""
    tools = {one for one in owned.packages if is_build_tool(one.kind, one.name)}
    if not tools:
        return frozenset()
    needs = list(_all_needs(stored, packages))
    providers = _providers(needs, owned.packages)
    asked = {one.owner: one.groups for one in needs}
    wanted = _named_tools(tools, owned, named)
    for one in needs:
        if one.owner not in tools and not _FOR_BUILDING.fullmatch(one.owner.name):
            wanted |= _tools_for(one.owner.kind, one.groups, providers, tools)
    pending = list(wanted)
    while pending:
        more = _tools_for(pending[-1].kind, asked.get(pending.pop(), ()), providers, tools) - wanted
        wanted |= more
        pending.extend(more)
    return frozenset(wanted)


def _named_tools(tools: Collection[PackageName], owned: Ownership, named: Named) -> set[PackageName]:
    """Return the tools that own what is named, or are called as a module that is."""
    found = {owner for path in named.paths if (owner := owned.of_path.get(path)) in tools and owner is not None}
    modules = {normal_name(module.partition(".")[0]) for module in named.modules}
    return found | {one for one in tools if one.kind == "python" and normal_name(one.name) in modules}


def _tools_for(
    kind: PackageKind,
    groups: Iterable[tuple[str, ...]],
    providers: Mapping[tuple[PackageKind, str], frozenset[PackageName]],
    tools: Collection[PackageName],
) -> set[PackageName]:
    """Return the tools that meet what nothing else meets."""
    found: set[PackageName] = set()
    for group in groups:
        met = [one for name in group for one in sorted(providers.get((kind, name), ()))]
        if met and all(one in tools for one in met):
            found.add(met[0])
    return found


def _providers(
    needs: Iterable[_Needs], installed: Iterable[PackageName]
) -> Mapping[tuple[PackageKind, str], frozenset[PackageName]]:
    found: dict[tuple[PackageKind, str], set[PackageName]] = {}
    for one in installed:
        found.setdefault((one.kind, normal_name(one.name) if one.kind == "python" else one.name), set()).add(one)
    for need in needs:
        for name in need.provides:
            found.setdefault((need.owner.kind, name), set()).add(need.owner)
    return {key: frozenset(owners) for key, owners in found.items()}


def _all_needs(stored: Stored, packages: Packages) -> Iterator[_Needs]:
    yield from _debian(decoded(stored.whole(STATUS) or b""))
    for place in DATABASES:
        yield from _alpine(decoded(stored.whole(place) or b""))
    for package in packages.packages:
        if package.kind == "python":
            text = decoded((stored.whole(package.place) or b"")[:_HEADER])
            yield _Needs(PackageName("python", package.name), tuple(_requirements(text)))


def _debian(text: str) -> Iterator[_Needs]:
    for paragraph in text.replace("\r\n", "\n").split("\n\n"):
        said = fields(iter(paragraph.strip("\n").split("\n")))
        if said.get("package"):
            depends = ",".join(said.get(name, "") for name in ("depends", "pre-depends"))
            groups = (tuple(_debian_names(part.split("|"))) for part in depends.split(","))
            provides = tuple(_debian_names(said.get("provides", "").split(",")))
            yield _Needs(PackageName("debian", plain(said["package"])), tuple(group for group in groups if group), provides)


def _debian_names(parts: Iterable[str]) -> Iterator[str]:
    """Yield the names of "libc6:any (>= 2.3)"."""
    for part in parts:
        name = part.strip().partition(" ")[0].partition("(")[0].partition(":")[0]
        if name:
            yield name


def _alpine(text: str) -> Iterator[_Needs]:
    for block in text.split("\n\n"):
        said = {line[:2]: line[2:] for line in reversed(block.split("\n"))}
        if said.get("P:"):
            groups = tuple((_alpine_name(word),) for word in said.get("D:", "").split() if not word.startswith("!"))
            provides = tuple(_alpine_name(word) for word in said.get("p:", "").split())
            yield _Needs(PackageName("alpine", plain(said["P:"])), groups, provides)


def _alpine_name(word: str) -> str:
    return re.split(r"[<>=~]", word, maxsplit=1)[0]


def _requirements(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the distributions that one requires, those for extras left out; those for other platforms are not there."""
    for line in text.partition("\n\n")[0].splitlines():
        name, _, value = line.partition(":")
        found = _REQUIREMENT.match(value.strip()) if name.lower() == "requires-dist" else None
        if found is not None and not _EXTRA.search(value):
            yield (normal_name(found.group()),)
