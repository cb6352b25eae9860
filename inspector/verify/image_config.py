"""What a container is run with, before and after: everything of an image's configuration that must stay as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from inspector.isolation.plain_line import plain_line
from inspector.records.slimming import SLIM_LABELS

_MOST: Final = 100
_SHOWN: Final = 80
_OWN: Final = frozenset(SLIM_LABELS.values())
_SETTINGS: Final[Mapping[str, str]] = {
    "user": "user",
    "entrypoint": "entrypoint",
    "cmd": "command",
    "workingdir": "working directory",
    "stopsignal": "stop signal",
    "stoptimeout": "stop timeout",
    "shell": "shell",
    "onbuild": "ONBUILD instructions",
    "healthcheck": "health check",
    "argsescaped": "ArgsEscaped",
    "hostname": "host name",
    "domainname": "domain name",
    "networkdisabled": "NetworkDisabled",
}
"""Names in the configuration, lower case, and what they are to a person."""
_PLATFORM: Final[Mapping[str, str]] = {
    "architecture": "architecture",
    "variant": "variant",
    "os": "operating system",
    "os.version": "version of the operating system",
    "os.features": "features of the operating system",
}
_ABSENT: Final[tuple[Any, ...]] = (None, "", [], {}, False, 0)


def config_changes(before: bytes, after: bytes) -> tuple[str, ...]:
    """Return a sentence for each setting of an image's configuration that is not as it was; names fold case as engines do.

    History, layers, times and labels that this program adds are of no account. A configuration that is no JSON object is one
    difference.
    """
    one, other = _document(before), _document(after)
    if one is None or other is None:
        return ("the configuration is no JSON object",)
    try:
        found = list(_differences(one, other))
    except RecursionError:
        return ("the configuration is nested too deeply to be compared",)
    left = len(found) - _MOST
    return (*found[:_MOST], f"and {left:,} more") if left > 0 else tuple(found)


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    yield from _values(one, other, _PLATFORM)
    before, after = _folded(one.get("config")), _folded(other.get("config"))
    yield from _values(before, after, _SETTINGS)
    yield from _environment(_variables(before.get("env")), _variables(after.get("env")))
    yield from _named("port", _keys(before.get("exposedports")), _keys(after.get("exposedports")))
    yield from _named("volume", _keys(before.get("volumes")), _keys(after.get("volumes")))
    yield from _labels(_mapping(before.get("labels")), _mapping(after.get("labels")))
    known = {*_SETTINGS, "env", "exposedports", "volumes", "labels", "image"}
    rest = dict.fromkeys(name for name in (*before, *after) if name not in known)
    yield from _values(before, after, {name: plain_line(name, 40) for name in rest})


def _document(data: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return _folded(found) if isinstance(found, dict) else None


def _folded(value: Any) -> Mapping[str, Any]:
    """Return an object with its names in lower case; of several that fold to one, the last."""
    return {str(name).lower(): below for name, below in value.items()} if isinstance(value, dict) else {}


def _values(one: Mapping[str, Any], other: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[str]:
    for name, told in names.items():
        before, after = _comparable(one.get(name)), _comparable(other.get(name))
        if before != after:
            yield f"{told}: {_shown(before)} became {_shown(after)}"


def _comparable(value: Any) -> Any:
    """Return a value with the names in it folded; None for what amounts to nothing."""
    if any(value is absent or (type(value) is type(absent) and value == absent) for absent in _ABSENT):
        return None
    if isinstance(value, dict):
        folded = {name: _comparable(below) for name, below in _folded(value).items()}
        return {name: below for name, below in folded.items() if below is not None} or None
    return value


def _variables(value: Any) -> dict[str, str]:
    found = [str(one).partition("=") for one in value] if isinstance(value, list) else []
    return {name: content for name, _, content in found}


def _environment(one: Mapping[str, str], other: Mapping[str, str]) -> Iterator[str]:
    yield from _named("environment variable", one, other)
    for name in one:
        if name in other and one[name] != other[name]:
            yield f"environment variable {plain_line(name, 40)}: {_shown(one[name])} became {_shown(other[name])}"
    shared = [name for name in one if name in other]
    if shared != [name for name in other if name in one]:
        yield "environment variables come in another order"


def _labels(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    ours = _OWN
    before = {name: value for name, value in one.items() if name not in ours}
    after = {name: value for name, value in other.items() if name not in ours}
    yield from _named("label", before, after)
    for name in before:
        if name in after and before[name] != after[name]:
            yield f"label {plain_line(name, 60)}: {_shown(before[name])} became {_shown(after[name])}"


def _named(kind: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is only on one side."""
    yield from (f"{kind} {plain_line(name, 60)} is gone" for name in one if name not in other)
    yield from (f"{kind} {plain_line(name, 60)} is new" for name in other if name not in one)


def _keys(value: Any) -> Mapping[str, None]:
    return dict.fromkeys(map(str, value)) if isinstance(value, dict | list) else {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return {str(name): below for name, below in value.items()} if isinstance(value, dict) else {}


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return plain_line(text, _SHOWN)
