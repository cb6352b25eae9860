"""Findings about files that give more rights than a server needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from inspector.analysis.findings.wording import agreeing, amount
from inspector.analysis.image.findings.evidence import ImageEvidence
from inspector.analysis.image.findings.wording import at_paths
from inspector.records.finding import Finding

_SET_USER, _SET_GROUP, _GROUP_RUNS = 0o4000, 0o2000, 0o010
_STICKY, _OTHERS_WRITE = 0o1000, 0o002
_OF_BASES: Final = re.compile(
    r"(?:usr/)?s?bin/(?:passwd|su|mount|umount|chsh|chfn|gpasswd|newgrp|newuidmap|newgidmap|chage|expiry|unix_chkpwd|pam_timestamp_check"
    r"|ping6?|ssh-agent|wall|write|bsd-write|crontab|fusermount3?|pt_chown|bbsuid)"
    r"|(?:usr/)?bin/bbsuid|usr/lib(?:exec)?/(?:[\w.-]+/)?(?:ssh-keysign|dbus-daemon-launch-helper|utempter/utempter|pt_chown)"
)
"""Programs that distributions ship with these bits in nearly every image."""
_FOLDERS_OF_PROGRAMS: Final = re.compile(r"(?:.*/)?(?:s?bin|lib\d*|site-packages|dist-packages|etc|app)(?:/.*)?")
_CAPABILITY: Final = "security.capability"


def findings(evidence: ImageEvidence) -> Iterator[Finding]:
    """Yield programs that raise rights, and paths that anybody may change."""
    raising, capable, writable = _notable(evidence)
    usual = [path for path in raising if _OF_BASES.fullmatch(path)]
    others = sorted(set(raising).difference(usual))
    if others:
        verb = agreeing(len(others), "runs", "run")
        message = f"{amount(len(others), 'program')} {verb} with the rights of the owner or group, and no usual base has them"
        yield at_paths("setuid-file", message, others)
    if usual:
        verb = agreeing(len(usual), "runs", "run")
        message = f"{amount(len(usual), 'program')} of the base {verb} with the rights of the owner or group"
        yield at_paths("setuid-file", message, sorted(usual), "low")
    if capable:
        verb = agreeing(len(capable), "gains", "gain")
        yield at_paths(
            "file-capability", f"{amount(len(capable), 'program')} {verb} capabilities when started", sorted(capable)
        )
    yield from _changeable(writable)


def _notable(evidence: ImageEvidence) -> tuple[list[str], list[str], list[str]]:
    """Return the files that raise rights, those with capabilities, and what anybody may change."""
    raising: list[str] = []
    capable: list[str] = []
    writable: list[str] = []
    told = _SET_USER | _SET_GROUP | _OTHERS_WRITE
    entries = evidence.final.entries.items()
    for path, place in [item for item in entries if item[1].entry.mode & told or item[1].content.xattrs]:
        mode, kind = place.entry.mode, place.content.kind
        if _CAPABILITY in place.content.xattrs:
            capable.append(path)
        if kind == "file" and (mode & _SET_USER or (mode & _SET_GROUP and mode & _GROUP_RUNS)):
            raising.append(path)
        if mode & _OTHERS_WRITE and (kind == "file" or (kind == "directory" and not mode & _STICKY)):
            writable.append(path)
    return raising, capable, writable


def _changeable(writable: list[str]) -> Iterator[Finding]:
    grave = sorted(path for path in writable if _FOLDERS_OF_PROGRAMS.fullmatch(path))
    other = sorted(set(writable).difference(grave))
    if grave:
        message = f"every user may change {amount(len(grave), 'path')} that programs or settings are in"
        yield at_paths("world-writable-path", message, grave, kind="path")
    if other:
        yield at_paths("world-writable-path", f"every user may change {amount(len(other), 'path')}", other, "low", kind="path")
