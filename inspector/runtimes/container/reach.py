"""How a port of a container is reached: from inside its network, through a published port, or on the engine's own network."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from inspector.engines.connection import Engine
from inspector.isolation.plain_line import plain_line
from inspector.runtimes.container.http_probe import can_enter_networks
from inspector.runtimes.container.ours import failures

Way = Literal["inside", "published", "host"]


@dataclass(frozen=True, slots=True)
class Reach:
    """One way to a port: the network the container gets, and the address to bind and to ask.

    problem says why there is no way, note what is to be known of this one.
    """

    way: Way
    port: int
    address: str = "127.0.0.1"
    problem: str = ""
    note: str = ""
    more: tuple[int, ...] = ()
    """Other ports that are asked."""

    @property
    def published(self) -> list[int] | None:
        """The ports that the engine has to publish."""
        return [self.port, *self.more] if self.way == "published" else None

    def host_settings(self) -> dict[str, Any]:
        """Return the arguments that create_host_config() takes."""
        if self.way == "inside":
            return {"network_mode": "none"}
        if self.way == "host":
            return {"network_mode": "host"}
        return {"port_bindings": dict.fromkeys((self.port, *self.more), (self.address, None))}

    def asked_at(self, inspected: dict[str, Any], port: int | None = None) -> tuple[str, int] | None:
        """Return where to ask a port (None: the first), by what the engine says of the container; None if it published none."""
        wanted = self.port if port is None else port
        if self.way != "published":
            return self.address, wanted
        ports = (inspected.get("NetworkSettings") or {}).get("Ports") or {}
        bound = ports.get(f"{wanted}/tcp") or []
        return (self.address, int(bound[0]["HostPort"])) if bound else None


def way_to(engine: Engine, port: int) -> Reach:
    """Return the way to a port that costs the container the least: no network at all, one published port, the engine's own."""
    if can_enter_networks(engine.place.socket_path):
        return Reach("inside", port)
    if not engine.place.socket_path:
        return _to_another_machine(engine, port)
    if _has_bridge(engine.client):
        return Reach("published", port, note="asked through a published port, which takes a little longer")
    if _is_taken(port):
        return Reach("host", port, problem=f"port {port} is taken on this machine, and the engine has no network of its own")
    return Reach("host", port, note="the engine has no network of its own: the container was on the machine's")


def _to_another_machine(engine: Engine, port: int) -> Reach:
    parts = urlsplit(engine.place.host)
    if parts.scheme not in ("tcp", "http", "https") or not parts.hostname:
        told = plain_line(engine.place.host)
        return Reach("published", port, problem=f"a port cannot be reached through {told}: wait for log:TEXT or exit")
    try:
        address = str(socket.getaddrinfo(parts.hostname, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        return Reach("published", port, problem=f"{plain_line(parts.hostname)} cannot be resolved: {error.strerror}")
    return Reach("published", port, address, note=f"asked over the network, at {address}")


def _has_bridge(client: Any) -> bool:
    with suppress(*failures()):
        return bool(client.networks(names=["bridge", "podman"]))
    return False


def _is_taken(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
