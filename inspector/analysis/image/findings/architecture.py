"""Findings about programs and libraries for another processor than the image's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from inspector.analysis.findings.wording import agreeing, amount, listed
from inspector.analysis.image.elf import parse_elf
from inspector.analysis.image.findings.evidence import ImageEvidence
from inspector.analysis.image.findings.wording import at_paths
from inspector.records.finding import Finding

_NARROW: Final = {"amd64": "386", "arm64": "arm"}
"""What a 64-bit processor runs besides, with libraries of its own."""
_TOOLCHAINS: Final = re.compile(r"(?:.*/)?(?:tests?|testdata|firmware|qemu[^/]*|[\w]+-linux-(?:gnu|musl)\w*/lib)(?:/.*)?")


def findings(evidence: ImageEvidence) -> Iterator[Finding]:
    """Yield ELF files whose machine is not the platform's; most of them: high, some: medium, 32-bit ones: low."""
    platform = evidence.image.platform.split("/")
    wanted = platform[1] if len(platform) > 1 else ""
    if not wanted:
        return
    right, machines = 0, dict[str, list[str]]()
    for path, machine in _machines(evidence):
        if machine == wanted:
            right += 1
        else:
            machines.setdefault(machine, []).append(path)
    narrow = sorted(machines.pop(_NARROW.get(wanted, ""), []))
    foreign = sorted(path for paths in machines.values() for path in paths)
    if foreign:
        names = listed(sorted(machines), len(machines))
        verb = agreeing(len(foreign), "is", "are")
        message = f"{amount(len(foreign), 'program or library', 'programs and libraries')} {verb} for {names}, not for {wanted}"
        yield at_paths("wrong-architecture", message, foreign, "high" if len(foreign) > right else "medium")
    if narrow:
        message = f"{amount(len(narrow), 'program or library', 'programs and libraries')} for 32 bits in an image for {wanted}"
        yield at_paths("wrong-architecture", message, narrow, "low", "they need 32-bit libraries of their own: leave them out")


def _machines(evidence: ImageEvidence) -> Iterator[tuple[str, str]]:
    entries = evidence.final.entries
    for layer in evidence.image.layers:
        for path, head in layer.heads.items():
            if head[:4] != b"\x7fELF" or _TOOLCHAINS.fullmatch(path.rpartition("/")[0]):
                continue
            elf = parse_elf(head)
            place = entries.get(path)
            if elf is not None and elf.is_loadable and place is not None and place.content_layer == layer.index:
                yield path, elf.machine
