"""Platforms: how they are written, which of them are the same, and which one to open."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final

from inspector.errors import UsageError
from inspector.formats.clean_text import one_line

_PART: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_ARCHITECTURES: Final = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "x64": "amd64",
    "i386": "386",
    "i486": "386",
    "i586": "386",
    "i686": "386",
    "x86": "386",
    "aarch64": "arm64",
    "armhf": "arm",
    "armv7l": "arm",
    "armel": "arm",
    "armv6l": "arm",
    "powerpc64le": "ppc64le",
    "loongarch64": "loong64",
}
_VARIANTS: Final = {"armhf": "v7", "armv7l": "v7", "armel": "v6", "armv6l": "v6"}
_USUAL_VARIANTS: Final = {("arm64", "v8"): "", ("arm", ""): "v7", ("amd64", "v1"): ""}
"""Variants that mean the same as none, or that none means, as containerd has it."""
_KNOWN: Final = frozenset({*_ARCHITECTURES.values(), "ppc64le", "s390x", "riscv64", "mips64le", "mips64", "ppc64", "wasm"})
_SYSTEMS: Final = {"macos": "darwin"}
_HINT: Final = "write it as os/architecture or os/architecture/variant, such as linux/arm64"

UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system, an architecture and its variant, each possibly empty."""

    os: str = ""
    architecture: str = ""
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    @property
    def is_unknown(self) -> bool:
        """Whether it says that it is none, as those of attestations do."""
        return self.os == UNKNOWN and self.architecture == UNKNOWN

    def normalized(self) -> Platform:
        """Return the same platform in the usual spelling."""
        system = _SYSTEMS.get(self.os.lower(), self.os.lower())
        written = self.architecture.lower()
        architecture = _ARCHITECTURES.get(written, written)
        variant = self.variant.lower() or _VARIANTS.get(written, "")
        if variant.isdecimal():
            variant = f"v{variant}"
        return Platform(system, architecture, _USUAL_VARIANTS.get((architecture, variant), variant))

    def serves(self, wanted: Platform) -> bool:
        """Tell whether this platform is the one wanted; a wanted one without a variant takes any."""
        mine, theirs = self.normalized(), wanted.normalized()
        same = (mine.os, mine.architecture) == (theirs.os, theirs.architecture)
        return same and (
            (not wanted.variant and not _VARIANTS.get(wanted.architecture.lower())) or mine.variant == theirs.variant
        )


def parse_platform(text: str) -> Platform:
    """Return the platform a user names, linux where only an architecture is given; raises UsageError."""
    parts = text.strip().split("/")
    if not 1 <= len(parts) <= 3 or not all(_PART.fullmatch(part) for part in parts):
        raise UsageError(f"--platform {one_line(text)}: is no platform", _HINT)
    if len(parts) == 1:
        if Platform("linux", parts[0]).normalized().architecture not in _KNOWN:
            raise UsageError(f"--platform {one_line(text)}: is no architecture that is known", _HINT)
        return Platform("linux", parts[0])
    return Platform(*parts)


def host_platform() -> Platform:
    """Return the platform that containers on this machine have."""
    return Platform("linux", os.uname().machine).normalized()
