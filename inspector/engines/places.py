"""Where a container engine may be listening: what the user chose, or else the sockets that engines make."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

DOCKER_SOCKET: Final = "/var/run/docker.sock"
PODMAN_SOCKET: Final = "/run/podman/podman.sock"
_LARGEST_SETTINGS: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class EnginePlace:
    """One address of an engine; told_by says for a person who named it."""

    host: str
    """As DOCKER_HOST takes it: unix://, tcp://, ssh:// or npipe://."""
    told_by: str
    chosen: bool = False
    """Whether the user chose it, so that no other is tried."""
    tls_folder: str = ""
    """Folder of ca.pem, cert.pem and key.pem; empty where the environment says it, or without TLS."""
    skip_verify: bool = False

    @property
    def socket_path(self) -> str:
        """Path of a unix socket; empty for other kinds of address."""
        return self.host.removeprefix("unix://") if self.host.startswith("unix://") else ""


def engine_places(environment: Mapping[str, str] | None = None) -> tuple[EnginePlace, ...]:
    """Return where to look, in order: DOCKER_HOST, the current context, Docker's sockets, podman's; a chosen one alone."""
    known = os.environ if environment is None else environment
    chosen = _chosen(known)
    if chosen is not None:
        return (chosen,)
    places = {place.host: place for place in reversed(tuple(_usual(known)))}
    return tuple(reversed(places.values()))


def _chosen(environment: Mapping[str, str]) -> EnginePlace | None:
    host = environment.get("DOCKER_HOST", "").strip()
    if host:
        return EnginePlace(host, "DOCKER_HOST", chosen=True)
    folder = Path(environment.get("DOCKER_CONFIG") or Path(environment.get("HOME") or Path.home(), ".docker"))
    name = environment.get("DOCKER_CONTEXT", "").strip() or _text(_json(folder / "config.json").get("currentContext"))
    if name in ("", "default"):
        return None
    return _context(folder / "contexts", name)


def _context(contexts: Path, name: str) -> EnginePlace:
    """Return where a context leads; its host is empty if the context does not exist or names none."""
    key = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    endpoints = _json(contexts / "meta" / key / "meta.json").get("Endpoints")
    endpoint = endpoints.get("docker") if isinstance(endpoints, dict) else None
    said: dict[str, Any] = endpoint if isinstance(endpoint, dict) else {}
    tls = contexts / "tls" / key / "docker"
    return EnginePlace(
        _text(said.get("Host")),
        f"context {name}",
        chosen=True,
        tls_folder=str(tls) if tls.is_dir() else "",
        skip_verify=said.get("SkipTLSVerify") is True,
    )


def _usual(environment: Mapping[str, str]) -> Iterator[EnginePlace]:
    runtime = environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    home = environment.get("HOME") or str(Path.home())
    yield EnginePlace(f"unix://{DOCKER_SOCKET}", "Docker's socket")
    yield EnginePlace(f"unix://{runtime}/docker.sock", "rootless Docker's socket")
    yield EnginePlace(f"unix://{home}/.docker/run/docker.sock", "Docker Desktop's socket")
    podman = environment.get("CONTAINER_HOST", "").strip()
    if podman.startswith(("unix://", "tcp://")):
        yield EnginePlace(podman, "CONTAINER_HOST")
    rootless = EnginePlace(f"unix://{runtime}/podman/podman.sock", "rootless podman's socket")
    root = EnginePlace(f"unix://{PODMAN_SOCKET}", "podman's socket")
    yield from (root, rootless) if os.geteuid() == 0 else (rootless, root)


def _json(path: Path) -> dict[str, Any]:
    """Return an object of a settings file; empty if there is none or it makes no sense, as the docker command has it."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_LARGEST_SETTINGS))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
