"""One conversation with a container engine: found, asked who it is, and asked for images; its errors in one line each."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from inspector.engines.places import EnginePlace, engine_places
from inspector.errors import UnreadableArtifact
from inspector.isolation.plain_line import plain_line

if TYPE_CHECKING:
    import docker

FIRST_CONTACT_SECONDS: Final = 4
CALL_SECONDS: Final = 30
_OLDEST: Final = "1.24"
"""The oldest version of the API that the SDK speaks; /_ping is the same in all."""

_NO_SOCKET: Final = "no such socket"
_CERTIFICATES: Final = ("ca.pem", "cert.pem", "key.pem")


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that has answered; title is its name and version, for a person."""

    place: EnginePlace
    client: docker.APIClient
    title: str

    @property
    def command(self) -> str:
        """The program its users type."""
        return "podman" if "podman" in self.title.lower() else "docker"

    def close(self) -> None:
        """Let go of its connections."""
        self.client.close()


@dataclass(frozen=True, slots=True)
class Silence:
    """Why nobody answered at a place."""

    place: EnginePlace
    reason: str
    forbidden: bool = False


@contextmanager
def streamed(engine: Engine, path: str, /, **parameters: str) -> Iterator[Any]:
    """Hold the response to a GET request, its body unread; raises requests' exceptions and OSError.

    There is no bound on the wait between bytes: engines write a whole archive before they send the first.
    """
    client = engine.client
    address = f"{client.base_url}/v{client.api_version}/{path}"
    with client.get(address, params=parameters, stream=True, timeout=(CALL_SECONDS, None)) as response:
        yield response


@contextmanager
def engines(label: str, host: str = "") -> Iterator[tuple[Engine, ...]]:
    """Hold every engine that answers, in the order of engine_places(); with a host, the one there only.

    Raises UnreadableArtifact, beginning with label, where none does.
    """
    places = [place for place in engine_places() if host in ("", place.host)]
    answers = [connect(place) for place in places]
    found = tuple(answer for answer in answers if isinstance(answer, Engine))
    try:
        if not found:
            raise _nobody(label, [answer for answer in answers if isinstance(answer, Silence)])
        yield found
    finally:
        for engine in found:
            engine.close()


def connect(place: EnginePlace) -> Engine | Silence:
    """Return the engine at a place, or why there is none."""
    if not place.host:
        return Silence(place, "no such context, or one without a Docker endpoint")
    try:
        if place.socket_path:
            _knock(place.socket_path)
    except PermissionError:
        return Silence(place, "permission denied", forbidden=True)
    except FileNotFoundError:
        return Silence(place, _NO_SOCKET)
    except OSError as error:
        return Silence(place, (error.strerror or str(error)).lower())
    return _introduced(place)


def _knock(path: str) -> None:
    """Connect to a socket and leave; raises OSError, whose kind the SDK would hide."""
    if not stat.S_ISSOCK(Path(path).stat().st_mode):
        raise OSError("not a socket")
    with socket.socket(socket.AF_UNIX) as knocking:
        knocking.settimeout(FIRST_CONTACT_SECONDS)
        knocking.connect(path)


def _introduced(place: EnginePlace) -> Engine | Silence:
    """Ask the engine who it is by the headers of /_ping: for /version podman starts other programs, which takes a second."""
    import docker
    import requests

    try:
        settings = {**_address(place), "timeout": FIRST_CONTACT_SECONDS, "use_ssh_client": True}
        asking: Any = docker.APIClient(version=_OLDEST, **settings)
        with asking, asking.get(f"{asking.base_url}/_ping", timeout=FIRST_CONTACT_SECONDS) as answer:
            answer.raise_for_status()
            version, title = answer.headers.get("Api-Version", "auto"), _title(answer.headers.get("Server", ""))
        client = docker.APIClient(version=version, **settings)
        client.timeout = CALL_SECONDS
    except (docker.errors.DockerException, requests.RequestException, OSError, ValueError) as error:
        return Silence(place, _reason(error))
    return Engine(place, client, title)


def _address(place: EnginePlace) -> dict[str, Any]:
    """Return the SDK's arguments for a place: those of the environment for DOCKER_HOST, with its TLS settings."""
    from docker.tls import TLSConfig
    from docker.utils import kwargs_from_env

    if place.told_by == "DOCKER_HOST":
        return dict(kwargs_from_env())
    if not place.tls_folder:
        return {"base_url": place.host}
    authority, certificate, key = (f"{place.tls_folder}/{name}" for name in _CERTIFICATES)
    tls = TLSConfig(client_cert=(certificate, key), ca_cert=authority, verify=not place.skip_verify)
    return {"base_url": place.host, "tls": tls}


def _title(server: str) -> str:
    """Return name and version of an engine from its Server header, such as Docker/20.10.24 (linux) or Libpod/4.3.1 (linux)."""
    name, _, version = plain_line(server).partition(" ")[0].partition("/")
    return f"{'Podman' if name == 'Libpod' else 'Docker'} {version}".strip()


def _reason(error: BaseException) -> str:
    """Return what lies at the bottom of the SDK's exception, which wraps others."""
    deepest: BaseException = error
    while True:
        below = deepest.__cause__ or next((part for part in reversed(deepest.args) if isinstance(part, BaseException)), None)
        if below is None or below is deepest or isinstance(below, NameError):  # a package for that address is missing
            break
        deepest = below
    if isinstance(deepest, TimeoutError) or "timed out" in str(deepest).lower():
        return f"no answer within {FIRST_CONTACT_SECONDS} s"
    text = deepest.strerror if isinstance(deepest, OSError) and deepest.strerror else str(deepest)
    return plain_line(text or type(deepest).__name__)


def _nobody(label: str, silences: list[Silence]) -> UnreadableArtifact:
    forbidden = next((silence for silence in silences if silence.forbidden), None)
    if forbidden is not None:
        where = plain_line(forbidden.place.host)
        return UnreadableArtifact(f"{label}no permission to use the container engine at {where}", _way_in(forbidden.place))
    tried = [_said_of(silence) for silence in silences]
    chosen = any(silence.place.chosen for silence in silences)
    advice = "start it or choose another" if chosen else "start one, or set DOCKER_HOST"
    return UnreadableArtifact(f"{label}no container engine answers", f"tried {', '.join(tried)}; {advice}")


def _said_of(silence: Silence) -> str:
    place = silence.place
    address = plain_line(place.socket_path or place.host)
    if not place.chosen and silence.reason == _NO_SOCKET:
        return address
    told_by = plain_line(place.told_by)
    return f"{told_by} {address} ({silence.reason})" if address else f"{told_by} ({silence.reason})"


def _way_in(place: EnginePlace) -> str:
    if "podman" in place.host:
        return "start your own: systemctl --user start podman.socket"
    return "join the docker group: sudo usermod -aG docker $USER, then log in again"
