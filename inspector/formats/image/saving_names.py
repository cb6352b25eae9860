"""Names that images are saved under: which are valid, and what containerd and the OCI layout make of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST: Final = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_TAGGED: Final = re.compile(rf"((?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*)(?::(\w[\w.-]{{0,127}}))?", re.ASCII)
"""After the grammar of the distribution project's reference package."""

_IDENTITY: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def tagged(name: str) -> str:
    """Return a name with its tag, latest where it has none; empty for what is no name that an engine gives."""
    match = _TAGGED.fullmatch(name)
    if match is None or _IDENTITY.fullmatch(name):
        return ""
    return f"{match[1]}:{match[2] or 'latest'}"


def valid_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that an engine takes, each once, with their tags."""
    return tuple(dict.fromkeys(found for name in names if (found := tagged(name))))


def full_name(name: str) -> str:
    """Return a name as containerd keeps it: with a host, which is Docker's where none is given."""
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def annotations_of(name: str) -> Mapping[str, str]:
    """Return what the descriptor of an image says of its name in an index."""
    return {"io.containerd.image.name": full_name(name), "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
